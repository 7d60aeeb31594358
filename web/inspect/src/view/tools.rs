//! Which rows are shown.

use inspect::filter::Kinds;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement, HtmlSelectElement};
use wire::event::Direction;

use super::source::button;
use super::{Inspector, View, html};

pub(super) fn tools() -> View {
    html(
        "<section class='tools wire-tools' aria-label=Filter>\
           <input class=filter type=search placeholder='Filter: text or kind' aria-label='Filter by text' spellcheck=false>\
           <select aria-label='Kinds of events'></select>\
           <slot></slot>\
         </section>",
    )
    .at("input")
    .value_of(|inspector| inspector.filter.text.as_str().into())
    .on("input", |inspector, event| {
        let text = event.target().map(JsCast::unchecked_into::<HtmlInputElement>).map(|input| input.value());
        inspector.change_filter(|filter| filter.text = text.unwrap_or_default());
    })
    .at("select")
    .children(Kinds::ALL.map(|(name, kinds)| {
        html("<option></option>").text(name).property_if("selected", move |inspector| inspector.filter.kinds == kinds)
    }))
    .on("change", |inspector, event| {
        let index = selected(event);
        inspector.change_filter(|filter| filter.kinds = Kinds::ALL[index].1);
    })
    .at("slot")
    .keyed(|inspector| Some(inspector.trace.connections().map(|(number, _)| number.to_string() + " ").collect()), connections)
    .at_root()
    .child(direction("↑ to the server", Direction::In))
    .child(direction("↓ from the server", Direction::Out))
    .child(
        html("<span class=wire-count role=status></span>").text_of(|inspector| {
            let (hits, all) = (inspector.hits.len(), inspector.trace.range().count());
            let rows = if hits == all { format!("{all} events") } else { format!("{hits} of {all}") };
            match inspector.trace.violations() {
                0 => rows.into(),
                1 => format!("{rows}, 1 violation").into(),
                violations => format!("{rows}, {violations} violations").into(),
            }
        }),
    )
    .child(button("ghost", "Clear", Inspector::clear_rows))
}

impl Inspector {
    fn clear_rows(&mut self) {
        self.clear();
        self.find();
    }
}

fn direction(label: &str, direction: Direction) -> View {
    html("<button type=button class=chip></button>")
        .text(label)
        .aria_if("aria-pressed", move |inspector| inspector.filter.direction == Some(direction))
        .on("click", move |inspector, _| {
            inspector.change_filter(|filter| {
                filter.direction = if filter.direction == Some(direction) { None } else { Some(direction) };
            });
        })
}

/// One connection needs no choice.
fn connections(inspector: &Inspector) -> View {
    let option = |number: Option<u64>, label: &str| {
        html("<option></option>")
            .text(label)
            .property_if("selected", move |inspector| inspector.filter.connection == number)
    };
    let numbers: Vec<u64> = inspector.trace.connections().map(|(number, _)| number).collect();
    let each = inspector.trace.connections().map(|(number, connection)| {
        let target = connection.target.split('?').next().unwrap_or_default();
        option(Some(number), &format!("#{number} {target}"))
    });
    html("<select aria-label=Connection></select>")
        .attr_if("hidden", |inspector| inspector.trace.connections().count() < 2)
        .child(option(None, "All connections"))
        .children(each)
        .on("change", move |inspector, event| {
            let chosen = selected(event).checked_sub(1).and_then(|index| numbers.get(index).copied());
            inspector.change_filter(|filter| filter.connection = chosen);
        })
}

fn selected(event: &Event) -> usize {
    let list = event.target().map(JsCast::unchecked_into::<HtmlSelectElement>);
    list.map_or(0, |list| list.selected_index().unsigned_abs() as usize)
}
