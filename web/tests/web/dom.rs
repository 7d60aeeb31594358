//! The binding library, with a small test state.

use std::cell::Cell;
use std::rc::Rc;

use gloo_utils::document;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web::dom::{AppState, Handle, Mounted, View};
use web_sys::{HtmlElement, HtmlInputElement};

struct Counter {
    count: u32,
    /// The count when `before_render` was called last.
    settled: u32,
    page: Handle<Self>,
}

impl AppState for Counter {
    fn before_render(&mut self) {
        self.settled = self.count;
    }
}

/// A page of one view in an element of its own, which is removed at the end of the test.
struct Counting {
    place: HtmlElement,
    page: Mounted<Counter>,
}

impl Counting {
    fn new(view: View<Counter>) -> Self {
        let place: HtmlElement = document().create_element("div").unwrap().unchecked_into();
        document().body().unwrap().append_child(&place).unwrap();
        let page = Mounted::new(&place, |page| Counter { count: 0, settled: 0, page }, |_| vec![view]);
        Self { place, page }
    }

    fn find<T: JsCast>(&self, css: &str) -> T {
        self.place.query_selector(css).unwrap().unwrap_or_else(|| panic!("{css} is not there")).unchecked_into()
    }

    fn text(&self) -> String {
        self.place.text_content().unwrap()
    }

    fn counts(&self, count: u32) {
        self.page.handle().update(move |counter| counter.count = count);
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.place.remove();
    }
}

fn html(markup: &'static str) -> View<Counter> {
    View::html(markup)
}

#[wasm_bindgen_test]
fn an_event_is_rendered_at_once() {
    let page = Counting::new(
        html("<button></button>")
            .text_of(|counter| counter.settled.to_string().into())
            .on("click", |counter, _| counter.count += 1),
    );
    assert_eq!(page.text(), "0");
    page.find::<HtmlElement>("button").click();
    assert_eq!(page.text(), "1");
}

#[wasm_bindgen_test]
fn a_binding_with_the_same_result_does_not_touch_the_document() {
    let page = Counting::new(
        html("<p></p>")
            .text_of(|counter| if counter.count < 2 { "few" } else { "many" }.into())
            .attr_if("hidden", |counter| counter.count > 1),
    );
    let p: HtmlElement = page.find("p");
    p.set_inner_text("changed from outside");
    page.counts(1);
    assert_eq!(page.text(), "changed from outside");
    page.counts(2);
    assert_eq!((page.text().as_str(), p.hidden()), ("many", true));
}

#[wasm_bindgen_test]
fn a_silent_update_is_rendered_with_the_next_update() {
    let page = Counting::new(html("<p></p>").text_of(|counter| counter.settled.to_string().into()));
    page.page.handle().update_silently(|counter| counter.count = 7);
    assert_eq!(page.text(), "0");
    page.page.handle().update(|_| {});
    assert_eq!(page.text(), "7");
}

#[wasm_bindgen_test]
fn a_keyed_element_is_built_for_each_key_and_dropped_with_it() {
    let clicks = Rc::new(Cell::new(0));
    let counted = clicks.clone();
    let page = Counting::new(html("<div><slot></slot></div>").at("slot").keyed(
        |counter| (counter.count > 0).then(|| (counter.count / 10).to_string()),
        move |counter| {
            let (made, counted) = (counter.count, counted.clone());
            html("<button></button>")
                .text_of(move |counter| format!("made at {made}, now {}", counter.count).into())
                .on("click", move |_, _| counted.set(counted.get() + 1))
        },
    ));
    assert_eq!(page.text(), "");
    page.counts(1);
    let first: HtmlElement = page.find("button");
    page.counts(2);
    assert_eq!(page.text(), "made at 1, now 2");
    first.click();
    assert_eq!(clicks.get(), 1);
    page.counts(10);
    assert_eq!(page.text(), "made at 10, now 10");
    first.click();
    assert_eq!((clicks.get(), first.text_content().unwrap().as_str()), (1, "made at 1, now 2"));
    page.counts(0);
    assert_eq!(page.text(), "");
    page.find::<HtmlElement>("slot");
}

#[wasm_bindgen_test]
fn a_field_keeps_its_cursor_and_typed_text_until_its_binding_changes() {
    let page = Counting::new(
        html("<input>").value_of(|counter| ["a".repeat(8), "b".repeat(8)][counter.count as usize / 5].clone().into()),
    );
    let field: HtmlInputElement = page.find("input");
    field.set_selection_range(3, 5).unwrap();
    page.counts(1);
    assert_eq!((field.selection_start().unwrap(), field.selection_end().unwrap()), (Some(3), Some(5)));
    field.set_value("typed");
    page.counts(2);
    assert_eq!(field.value(), "typed");
    page.counts(5);
    assert_eq!(field.value(), "bbbbbbbb");
}

#[wasm_bindgen_test]
fn an_update_during_a_render_is_queued() {
    let page =
        Counting::new(html("<p></p>").text_of(|counter| counter.count.to_string().into()).on_render(|counter| {
            if counter.count == 1 {
                counter.page.update(|counter| counter.count = 2);
                counter.page.update_silently(|counter| counter.count += 10);
            }
        }));
    page.counts(1);
    assert_eq!(page.text(), "12");
}

#[wasm_bindgen_test]
fn a_listener_may_remove_its_own_element() {
    let page = Counting::new(html("<div><slot></slot></div>").at("slot").keyed(
        |counter| (counter.count == 0).then(String::new),
        |_| html("<button></button>").text("away").on("click", |counter, _| counter.count = 1),
    ));
    page.find::<HtmlElement>("button").click();
    assert_eq!(page.text(), "");
}

#[wasm_bindgen_test]
fn a_dropped_page_is_removed_and_its_handles_do_nothing() {
    let page = Counting::new(html("<p>here</p>"));
    let late = page.page.handle();
    let other = Counting::new(html("<p></p>").text_of(|counter| counter.count.to_string().into()));
    drop(page);
    late.update(|_| panic!("there is no page any more"));
    other.counts(1);
    assert_eq!(other.text(), "1");
}
