//! Why a connection failed: the cause, what to do, and what shows it.

use model::why::{Certainty, Why};

use super::controls::button;
use super::{View, html};
use crate::page::{Dialog, Page};

/// The key of the view: empty while the page is asking.
pub(super) fn key(page: &Page) -> Option<String> {
    let connection = page.shown();
    // While attempts to reconnect follow each other, nothing below the log moves.
    if connection.is_retrying() {
        return None;
    }
    match connection.why() {
        Some(why) => Some([why.cause.as_str(), &why.evidence.concat()].concat()),
        None => connection.is_asking_why().then(String::new),
    }
}

pub(super) fn why(page: &Page) -> View {
    match page.shown().why() {
        Some(why) => answer(why),
        None => html("<p class=why role=status>Finding out why…</p>"),
    }
}

fn answer(why: &Why) -> View {
    let sign = match why.certainty {
        Certainty::Found => "Cause: ",
        Certainty::Unknown => "Not certain: ",
    };
    html("<div class=why role=status><p class=cause><b></b><span></span></p><p class=advice></p><ul></ul></div>")
        .at("b")
        .text(sign)
        .at(".cause span")
        .text(&[&why.cause, "."].concat())
        .at(".advice")
        .text(&why.advice)
        .at("ul")
        .children(why.evidence.iter().map(|text| html("<li></li>").text(text)))
        .at_root()
        .child(
            html("<div class=chips></div>")
                .child(button("ghost", "Through Canyon…", |page, _| page.open(Dialog::Through)))
                .child(
                    button("ghost", "Handshake…", |page, _| page.open(Dialog::Handshake))
                        .attr_if("hidden", |page| !page.shown().has_gone_through()),
                ),
        )
}
