//! Connect through the relay of the page's server: what it is to do that a browser cannot.

use relay::options::{CompressionOffer, RelayOptions, TrustChoice};
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Event, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

use super::{View, Which, html};

pub(super) fn form() -> View {
    html(
        "<form class=through novalidate>\
           <p class=hint>Canyon's server connects in the browser's place, and shows the whole handshake.</p>\
           <div class=fields></div>\
           <p class=problem role=alert></p>\
           <footer>\
             <button type=button class=ghost>Handshake…</button>\
             <button type=submit class=primary>Connect through Canyon</button>\
           </footer>\
         </form>",
    )
    .on("submit", |dialog, event| {
        event.prevent_default();
        event.stop_propagation();
        dialog.connect();
    })
    .at(".ghost")
    .attr_if("hidden", |dialog| dialog.through.is_none())
    .on("click", |dialog, _| dialog.which = Which::Handshake)
    .at(".problem")
    .text_of(|dialog| dialog.problem.as_str().into())
    .at(".fields")
    .child(text_area(
        "Headers, one a line as Name: value; # in front turns one off",
        "Authorization: Bearer abc",
        |options| &mut options.headers,
        |options| &options.headers,
    ))
    .child(trust())
    .child(
        text_area(
            "Issuers (PEM)",
            "-----BEGIN CERTIFICATE-----",
            |options| &mut options.issuers,
            |options| &options.issuers,
        )
        .attr_if("hidden", |dialog| dialog.options.trust != TrustChoice::Issuers),
    )
    .child(field(
        "Proxy",
        "http://host:3128 or socks5://host:1080",
        |options| &mut options.proxy,
        |options| &options.proxy,
    ))
    .child(field("Ping every (s)", "never", |options| &mut options.ping, |options| &options.ping))
    .child(field(
        "Largest frame (bytes)",
        "whole messages",
        |options| &mut options.fragment,
        |options| &options.fragment,
    ))
    .child(checkbox(
        "Offer compression",
        |options| options.compression == CompressionOffer::Usual,
        |options, checked| {
            options.compression = if checked { CompressionOffer::Usual } else { CompressionOffer::None };
        },
    ))
    .child(identity())
    .child(checkbox(
        "Keep headers, certificates and proxy in this browser",
        |options| options.keep,
        |options, checked| options.keep = checked,
    ))
    .at_root()
}

fn trust() -> View {
    let names = ["the system's issuers", "these issuers", "anyone"];
    let options = TrustChoice::ALL.into_iter().zip(names).map(|(choice, name)| {
        html("<option></option>").text(name).property_if("selected", move |dialog| dialog.options.trust == choice)
    });
    html("<label class=field><span>Trust certificates of</span><select></select></label>")
        .at("select")
        .children(options)
        .on("change", |dialog, event| {
            let index = target::<HtmlSelectElement>(event).selected_index().unsigned_abs() as usize;
            dialog.change(|options| options.trust = TrustChoice::ALL[index]);
        })
        .at_root()
}

fn identity() -> View {
    html("<details><summary>Client certificate</summary></details>")
        .child(text_area(
            "Certificate (PEM)",
            "-----BEGIN CERTIFICATE-----",
            |options| &mut options.certificate,
            |options| &options.certificate,
        ))
        .child(text_area(
            "Key (PEM)",
            "-----BEGIN PRIVATE KEY-----",
            |options| &mut options.key,
            |options| &options.key,
        ))
}

type Read = fn(&RelayOptions) -> &String;
type Write = fn(&mut RelayOptions) -> &mut String;

fn field(label: &str, placeholder: &'static str, write: Write, read: Read) -> View {
    let view =
        html("<label class=field><span></span><input autocomplete=off autocapitalize=none spellcheck=false></label>");
    typed(view.at("span").text(label).at("input"), placeholder, HtmlInputElement::value, write, read)
}

fn text_area(label: &str, placeholder: &'static str, write: Write, read: Read) -> View {
    let view = html(
        "<label class=field><span></span><textarea rows=3 spellcheck=false autocomplete=off autocapitalize=none></textarea></label>",
    );
    typed(view.at("span").text(label).at("textarea"), placeholder, HtmlTextAreaElement::value, write, read)
}

/// Keeps what is typed into the element that the view is at.
fn typed<E: JsCast + 'static>(
    view: View,
    placeholder: &'static str,
    value: fn(&E) -> String,
    write: Write,
    read: Read,
) -> View {
    view.attr("placeholder", placeholder)
        .value_of(move |dialog| read(&dialog.options).as_str().into())
        .on("input", move |dialog, event| {
            let typed = value(&target::<E>(event));
            dialog.change(|options| *write(options) = typed);
        })
        .at_root()
}

fn checkbox(label: &str, checked: fn(&RelayOptions) -> bool, changed: fn(&mut RelayOptions, bool)) -> View {
    html("<label class=check><input type=checkbox><span></span></label>")
        .at("span")
        .text(label)
        .at("input")
        .property_if("checked", move |dialog| checked(&dialog.options))
        .on("input", move |dialog, event| {
            let checked = target::<HtmlInputElement>(event).checked();
            dialog.change(|options| changed(options, checked));
        })
        .at_root()
}

/// The element that the event is of.
fn target<T: JsCast>(event: &Event) -> T {
    event.target().expect_throw("an event has a target").unchecked_into()
}
