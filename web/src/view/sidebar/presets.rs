//! The behaviours of Canyon's server, in words. `wire` knows which there are.

use wire::Path;

use crate::page::Dialog;
use crate::view::{View, controls, html};

pub(super) fn list() -> View {
    html("<section aria-label='Ask the server to'><h2>Ask the server to</h2><ul></ul></section>")
        .at("ul")
        .children(Path::ALL.iter().map(|&path| item(path)))
}

fn item(path: Path) -> View {
    html("<li></li>").child(controls::item(path.summary(), &path.pattern(), move |page, _| {
        page.open(Dialog::Preset);
        page.forms.path = path;
    }))
}
