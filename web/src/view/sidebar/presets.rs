//! The behaviours of Canyon's server, in words. `wire` knows which there are.

use model::preset::Form;
use wire::Behaviour;

use crate::browser::url;
use crate::page::Dialog;
use crate::view::{View, controls, html};

pub(super) fn list() -> View {
    html("<section aria-label='Ask the server to'><h2>Ask the server to</h2><ul></ul></section>")
        .at("ul")
        .children(Behaviour::ALL.iter().map(|&behaviour| item(behaviour)))
}

fn item(behaviour: Behaviour) -> View {
    html("<li></li>").child(controls::item(behaviour.summary(), behaviour.path(), move |page, _| {
        page.open(Dialog::Preset);
        page.forms.preset = Form::for_address(behaviour, &page.shown().setup().address, url::parse);
    }))
}
