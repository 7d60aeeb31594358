//! Draws one chart on a canvas: axes, ticks, lines or bars, and a mark where the pointer is. Colours and font are those that the
//! style sheet gives the canvas and the legend.

use gloo_utils::window;
use measure::plot::{Plot, Series, Shape};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

/// Room for labels, in CSS pixels.
const LEFT: f64 = 50.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 20.0;

/// The part of the canvas that the axes enclose, in CSS pixels.
struct Area {
    width: f64,
    height: f64,
}

impl Area {
    fn of(canvas: &HtmlCanvasElement) -> Self {
        Self {
            width: (f64::from(canvas.client_width()) - LEFT - RIGHT).max(1.0),
            height: (f64::from(canvas.client_height()) - TOP - BOTTOM).max(1.0),
        }
    }

    fn x(&self, at: f64) -> f64 {
        LEFT + at * self.width
    }

    fn y(&self, at: f64) -> f64 {
        TOP + (1.0 - at) * self.height
    }
}

/// The point or bar at that many CSS pixels from the left.
pub(super) fn index_at(canvas: &HtmlCanvasElement, x: i32, points: usize) -> Option<usize> {
    let at = (f64::from(x) - LEFT) / Area::of(canvas).width;
    (points > 0 && (0.0..=1.0).contains(&at)).then(|| ((at * points as f64) as usize).min(points - 1))
}

pub(super) fn draw(canvas: &HtmlCanvasElement, plot: &Plot, marked: Option<usize>) {
    let Some(context) = context(canvas) else { return };
    let area = Area::of(canvas);
    let ink = color(canvas);
    context.set_font(&computed(canvas, "font"));
    context.set_fill_style_str(&ink);
    context.set_stroke_style_str(&ink);
    axes(&context, &area, plot);
    let points = plot.rows.len();
    if let Some(index) = marked {
        context.set_global_alpha(0.6);
        let x = area.x((index as f64 + 0.5) / points as f64);
        line(&context, (x, TOP), (x, area.y(0.0)));
        context.set_global_alpha(1.0);
    }
    for (place, series) in plot.series.iter().enumerate() {
        let legend = canvas.closest("figure").ok().flatten();
        let key = legend.and_then(|figure| figure.query_selector(&[".legend .", series.class].concat()).ok().flatten());
        let color = key.map_or_else(|| ink.clone(), |key| color(&key));
        context.set_fill_style_str(&color);
        context.set_stroke_style_str(&color);
        match plot.shape {
            Shape::Lines => lines(&context, &area, series),
            Shape::Bars => bars(&context, &area, series, marked, (0, 1)),
            Shape::Groups => bars(&context, &area, series, marked, (place, plot.series.len())),
        }
    }
}

/// As many pixels as the screen has, cleared, in CSS pixels, on the page's own background, so that a picture of it can be saved.
fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    let ratio = window().device_pixel_ratio();
    let (width, height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
    // Setting a size clears the canvas, too.
    canvas.set_width((width * ratio).round() as u32);
    canvas.set_height((height * ratio).round() as u32);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
    context.scale(ratio, ratio).ok()?;
    context.set_fill_style_str(&computed(canvas, "background-color"));
    context.fill_rect(0.0, 0.0, width, height);
    Some(context)
}

fn axes(context: &CanvasRenderingContext2d, area: &Area, plot: &Plot) {
    context.set_text_baseline("middle");
    context.set_text_align("right");
    for tick in &plot.y_ticks {
        let y = area.y(tick.at).round() + 0.5;
        context.set_global_alpha(if tick.at == 0.0 { 0.6 } else { 0.2 });
        line(context, (LEFT, y), (area.x(1.0), y));
        context.set_global_alpha(1.0);
        let _ = context.fill_text(&tick.label, LEFT - 6.0, y);
    }
    context.set_text_baseline("alphabetic");
    for tick in &plot.x_ticks {
        // Those at the ends stay inside.
        context.set_text_align(if tick.at > 0.95 {
            "right"
        } else if tick.at < 0.05 {
            "left"
        } else {
            "center"
        });
        let _ = context.fill_text(&tick.label, area.x(tick.at), area.y(0.0) + BOTTOM - 4.0);
    }
}

fn line(context: &CanvasRenderingContext2d, from: (f64, f64), to: (f64, f64)) {
    context.set_line_width(1.0);
    context.begin_path();
    context.move_to(from.0, from.1);
    context.line_to(to.0, to.1);
    context.stroke();
}

fn lines(context: &CanvasRenderingContext2d, area: &Area, series: &Series) {
    context.set_line_width(1.75);
    context.set_line_join("round");
    context.begin_path();
    let count = series.points.len() as f64;
    for (index, point) in series.points.iter().enumerate() {
        let (x, y) = (area.x((index as f64 + 0.5) / count), area.y(*point));
        if index == 0 { context.move_to(x, y) } else { context.line_to(x, y) }
    }
    context.stroke();
}

/// `place` is which of how many bars stand side by side.
fn bars(
    context: &CanvasRenderingContext2d,
    area: &Area,
    series: &Series,
    marked: Option<usize>,
    (place, places): (usize, usize),
) {
    let group = area.width / series.points.len().max(1) as f64;
    // Groups have a gap between them.
    let inside = if places > 1 { group * 0.8 } else { group };
    let width = inside / places as f64;
    for (index, point) in series.points.iter().enumerate() {
        context.set_global_alpha(if marked.is_none_or(|marked| marked == index) { 1.0 } else { 0.5 });
        let x = area.x(0.0) + index as f64 * group + (group - inside) / 2.0 + place as f64 * width;
        let y = area.y(*point);
        context.fill_rect(x + 0.5, y, (width - 1.0).max(0.5), area.y(0.0) - y);
    }
    context.set_global_alpha(1.0);
}

/// The computed colour of an element's text.
pub(super) fn color(element: &Element) -> String {
    computed(element, "color")
}

fn computed(element: &Element, property: &str) -> String {
    let style = window().get_computed_style(element).ok().flatten();
    let style = style.expect_throw("a window computes the style of its own elements");
    style.get_property_value(property).unwrap_or_default()
}
