//! The handshake of a connection through Canyon: times, request, response, and the body of a refusal.

use std::time::Duration;

use model::{Span, visible};
use relay::options::masked;
use relay::through::{ConnectStep, Through};
use relay::without_user;

use super::{Dialog, View, html};

pub(super) fn form(dialog: &Dialog) -> View {
    let form = html("<div class=handshake></div>");
    let Some(through) = &dialog.through else {
        return form.child(html("<p>This connection has not gone through Canyon.</p>"));
    };
    let form = form.child(times(&through.steps())).child(heading("Request")).child(headers(&request(through)));
    let Some(answer) = through.answer() else {
        return form.child(heading("Response")).child(html("<p>There was none.</p>"));
    };
    let form = form
        .child(heading("Response"))
        .child(html("<p class=status-line></p>").text(&format!("Status {}", answer.status)));
    let form = form.child(headers(answer.headers));
    match answer.body {
        "" => form,
        body => form.child(heading("Body")).child(html("<pre tabindex=0></pre>").text(&visible(body))),
    }
}

fn heading(text: &str) -> View {
    html("<h3></h3>").text(text)
}

/// What the page has asked for; what the handshake has by itself is not among it.
fn request(through: &Through) -> Vec<(String, String)> {
    let request = &through.request;
    let own = [
        ("URL", request.url.clone()),
        ("Sec-WebSocket-Protocol", request.subprotocols.join(", ")),
        ("Sec-WebSocket-Extensions", request.extensions.clone()),
        ("Proxy", request.proxy.as_deref().map(without_user).unwrap_or_default()),
    ];
    let own = own.into_iter().filter(|(_, value)| !value.is_empty());
    own.map(|(name, value)| (name.to_owned(), value)).chain(request.headers.iter().cloned()).collect()
}

fn headers(headers: &[(String, String)]) -> View {
    html("<dl class=headers tabindex=0></dl>").children(headers.iter().map(|(name, value)| {
        html("<div><dt></dt><dd></dd></div>")
            .at("dt")
            .text(&visible(name))
            .at("dd")
            .text(&visible(masked(name, value)))
            .at_root()
    }))
}

/// A bar with a part for each step, and the same as a table.
fn times(steps: &[ConnectStep]) -> View {
    let total: Duration = steps.iter().map(|step| step.time).sum();
    let share = |step: &ConnectStep| step.time.as_micros() * 1000 / total.as_micros().max(1);
    let bar = html("<div class=time-bar aria-hidden=true></div>").children(steps.iter().map(|step| {
        let grow = share(step).max(10).to_string();
        html("<span></span>").text(step.name).style_of("flex-grow", move |_| grow.clone().into())
    }));
    let rows = steps.iter().map(|step| {
        html("<tr><th scope=row></th><td class=time></td><td></td></tr>")
            .at("th")
            .text(step.name)
            .at(".time")
            .text(&Span(step.time).to_string())
            .at("td:last-child")
            .text(&step.result)
            .at_root()
    });
    html("<div></div>")
        .child(bar)
        .child(html("<table aria-label=Times></table>").children(rows))
        .child(html("<p class=hint></p>").text(&format!("{} in all", Span(total))))
}
