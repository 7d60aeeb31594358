//! Saves a run: its charts' data, its charts as pictures.

use gloo_utils::document;
use js_sys::Array;
use measure::plot::{Plot, plots};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlCanvasElement, HtmlElement, Url};

use super::{Measure, View, html};

/// What the button says, and what it saves.
type Download = (&'static str, fn(&Measure));

const DOWNLOADS: [Download; 2] = [("Save as CSV", save_csv), ("Save charts as PNG", save_png)];

pub(super) fn menu() -> View {
    let button = |(label, save): Download| {
        html("<button type=button class=ghost></button>").text(label).on("click", move |measure, _| save(measure))
    };
    html("<div class=chips role=group aria-label='Save the run'></div>")
        .attr_if("hidden", Measure::is_running)
        .children(DOWNLOADS.map(button))
}

fn save_csv(measure: &Measure) {
    let Some(summary) = measure.summary() else { return };
    let csv: Vec<String> = plots(summary).iter().map(Plot::to_csv).collect();
    save_text("canyon-run.csv", &csv.join("\n"));
}

fn save_png(_: &Measure) {
    save_charts();
}

/// Those that are shown.
pub(super) fn save_charts() {
    let canvases = document().query_selector_all(".subject:not([hidden]) .charts canvas");
    let Ok(canvases) = canvases else { return };
    for index in 0..canvases.length() {
        let canvas: Option<HtmlCanvasElement> = canvases.get(index).and_then(|node| node.dyn_into().ok());
        if let Some(picture) = canvas.and_then(|canvas| canvas.to_data_url().ok()) {
            save(&format!("canyon-chart-{}.png", index + 1), &picture);
        }
    }
}

pub(super) fn save_text(name: &str, text: &str) {
    let Ok(blob) = Blob::new_with_str_sequence(&Array::of1(&JsValue::from_str(text))) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    save(name, &url);
    let _ = Url::revoke_object_url(&url);
}

/// A click on a link saves what it names.
fn save(name: &str, url: &str) {
    let Ok(link) = document().create_element("a") else { return };
    let set = link.set_attribute("href", url).and_then(|()| link.set_attribute("download", name));
    if set.is_ok() {
        link.unchecked_into::<HtmlElement>().click();
    }
}
