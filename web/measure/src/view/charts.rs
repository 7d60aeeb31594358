//! The charts of the run that is shown, each with a legend, the values under the pointer, and its data as a table.

use std::borrow::Cow;

use measure::compare::ways;
use measure::plot::{self, Plot, Row, Shape, plots};
use measure::run::Phase;
use wasm_bindgen::JsCast;
use web_sys::{HtmlCanvasElement, PointerEvent};

use super::chart::{draw, index_at};
use super::{Measure, View, html};

/// The chart of HTTP against WebSocket, behind those of a run.
pub(super) const COMPARED: usize = plot::COUNT;
/// All charts.
pub(super) const COUNT: usize = COMPARED + 1;

pub(super) fn charts() -> View {
    html("<div class=charts></div>").children((0..plot::COUNT).map(chart))
}

fn plot(measure: &Measure, index: usize) -> Option<Plot> {
    if index == COMPARED {
        return measure.comparing.found.as_ref().map(ways::plot);
    }
    plots(measure.summary()?).into_iter().nth(index)
}

pub(super) fn chart(index: usize) -> View {
    let figure = html(
        "<figure>\
           <figcaption><b></b><span class=legend></span></figcaption>\
           <canvas role=img></canvas>\
           <p class=hint></p>\
         </figure>",
    )
    .at("b")
    .text_of(move |measure| plot(measure, index).map_or("", |plot| plot.title).into())
    .at(".legend")
    .child(html("<slot></slot>").keyed(
        move |measure| plot(measure, index).map(|plot| plot.title.to_owned()),
        move |measure| legend(plot(measure, index)),
    ))
    .at("p")
    .text_of(move |measure| readout(measure, index))
    .at("canvas");
    let canvas: HtmlCanvasElement = figure.element().unchecked_into();
    let mut drawn = None;
    figure
        .attr_of("aria-label", move |measure| {
            plot(measure, index).map_or_else(String::new, |plot| described(&plot)).into()
        })
        .on_resize(|_, _| {})
        .on_render(move |measure| {
            let Some(version) = version(measure, index) else { return };
            let state = (version, measure.hovered[index], canvas.client_width(), super::chart::color(&canvas));
            if drawn.as_ref() != Some(&state)
                && let Some(plot) = plot(measure, index)
            {
                draw(&canvas, &plot, measure.hovered[index]);
                drawn = Some(state);
            }
        })
        .on("pointermove", move |measure, event| {
            let event: &PointerEvent = event.unchecked_ref();
            let points = plot(measure, index).map_or(0, |plot| plot.rows.len());
            let canvas = event.target().map(JsCast::unchecked_into::<HtmlCanvasElement>);
            measure.hovered[index] = canvas.and_then(|canvas| index_at(&canvas, event.offset_x(), points));
        })
        .on("pointerleave", move |measure, _| measure.hovered[index] = None)
        .at_root()
        .child(table(index))
}

/// Changes with what the chart shows: which run or comparison it is, and how far it has come.
fn version(measure: &Measure, index: usize) -> Option<(u32, f64)> {
    if index == COMPARED {
        let found = measure.comparing.found.as_ref()?;
        return Some((measure.comparing.number, found.measured.len() as f64));
    }
    Some((measure.shown.as_ref()?.number, measure.summary().map_or(0.0, |summary| summary.elapsed)))
}

fn legend(plot: Option<Plot>) -> View {
    let key = |(name, class): (&str, &str)| {
        html("<span><i aria-hidden=true></i><span></span></span>").at("i").attr("class", class).at("span").text(name)
    };
    let series = plot.map(|plot| plot.series).unwrap_or_default();
    html("<span></span>").children(series.iter().map(|series| key((series.name, series.class))))
}

/// The values where the pointer is; the axes where it is not.
fn readout(measure: &Measure, index: usize) -> Cow<'_, str> {
    let Some(plot) = plot(measure, index) else { return "".into() };
    match measure.hovered[index].and_then(|at| plot.rows.get(at)) {
        Some(Row { name, values }) => {
            let values = plot.series.iter().zip(values).map(|(series, value)| format!("{} {value}", series.name));
            format!("{name}: {}", values.collect::<Vec<_>>().join(", ")).into()
        }
        None if plot.rows.is_empty() => "Nothing yet.".into(),
        None => format!("Across: {}. Upwards: {}.", plot.x_name, plot.y_name).into(),
    }
}

/// The chart for those who cannot see it: what it is, and where its data are.
fn described(plot: &Plot) -> String {
    let kind = if plot.shape == Shape::Lines { "line chart" } else { "bar chart" };
    format!("{}: {kind} of {} by {}. The table below has its data.", plot.title, plot.y_name, plot.x_name)
}

/// Made when the run is done.
fn table(index: usize) -> View {
    html("<details><summary>Data as a table</summary><div class=scrolls tabindex=0 role=group><slot></slot></div></details>")
        .at(".scrolls")
        .attr_of("aria-label", move |measure| plot(measure, index).map_or("", |plot| plot.title).into())
        .at("slot")
        .keyed(
            move |measure| {
                let is_done = match index {
                    COMPARED => measure.comparing.found.as_ref().is_some_and(|found| found.is_done),
                    _ => measure.summary().is_some_and(|summary| summary.phase == Phase::Done),
                };
                is_done.then(|| format!("{:?}", version(measure, index).map(|(number, _)| number)))
            },
            move |measure| {
                let Some(plot) = plot(measure, index) else { return html("<table></table>") };
                let row = |row: &Row| {
                    let cells = row.values.iter().map(|value| html("<td></td>").text(value));
                    html("<tr><th scope=row></th></tr>").at("th").text(&row.name).at_root().children(cells)
                };
                let names = plot.series.iter().map(|series| html("<th scope=col></th>").text(series.name));
                html("<table><thead><tr><th scope=col></th></tr></thead><tbody></tbody></table>")
                    .at("thead th")
                    .text(plot.row_name)
                    .at("thead tr")
                    .children(names)
                    .at("tbody")
                    .children(plot.rows.iter().map(row))
            },
        )
}
