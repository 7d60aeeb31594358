//! The Content-Security-Policy: neither the page nor anything that a peer sends violates it.

use anyhow::Result;
use fantoccini::key::Key;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::page::Page;
use crate::servers::{self, peer};
use crate::site::Site;

/// Texts that would change the title if they became HTML, a script or a style.
const HOSTILE: &[&str] = &[
    r#"<script>document.title = "gone"</script>"#,
    r#"</pre></textarea></title><img src="x" onerror="document.title = 'gone'">"#,
    r#"<svg onload="document.title = 'gone'"><animate onbegin="document.title = 'gone'" attributeName="x"/></svg>"#,
    r#"<iframe srcdoc="<script>parent.document.title = 'gone'</script>"></iframe>"#,
    r#"{"a":"<b onmouseover=\"document.title = 'gone'\">b</b>","__proto__":{"title":"gone"}}"#,
    r#"javascript:document.title = "gone""#,
    r#""><style>* { display: none }</style><base href="//127.0.0.1/">"#,
    "\u{202e}\u{0}\u{1b}]0;gone\u{7}<meta http-equiv=\"refresh\" content=\"0\">",
];

/// The directives of the policy that were violated since the page was loaded.
async fn violations(page: &Page) -> Result<serde_json::Value> {
    page.script(
        "return new Promise((resolve) => {
           const seen = [];
           const observer = new ReportingObserver((reports) => seen.push(...reports), { types: ['csp-violation'], buffered: true });
           observer.observe();
           // The header's policy and the page's own report separately.
           const names = () => new Set(seen.map(({ body }) => `${body.effectiveDirective} ${body.blockedURL}`));
           setTimeout(() => resolve([...names()]), 300);
         })",
    )
    .await
}

/// Sends all of [`HOSTILE`], then waits for the client to leave.
async fn hostile() -> Result<String> {
    peer(async |mut client| {
        for text in HOSTILE {
            client.send(Message::text(*text)).await?;
        }
        client.send(Message::text("that was all")).await?;
        client.next().await.transpose()?;
        client.close(Some(CloseFrame { code: 4000.into(), reason: HOSTILE[1].into() })).await?;
        while client.next().await.is_some() {}
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_page_does_not_violate_its_policy_from_any_host() -> Result<()> {
    let (server, site) = (servers::start().await?, Site::start().await?);
    for address in [server.page(), site.page()] {
        let page = Page::open(&address).await?;
        page.connects_to(&server.websocket("/")).await?;
        page.sees_state("Open").await?;
        page.sends("hello").await?;
        page.sees_row("Server received: hello").await?.click().await?;
        page.sees_detail("Server received: hello").await?;
        assert_eq!(violations(&page).await?, json!([]), "{address}");
    }
    Ok(())
}

#[tokio::test]
async fn inline_scripts_never_run() -> Result<()> {
    let (server, site) = (servers::start().await?, Site::start().await?);
    for address in [server.page(), site.page()] {
        let page = Page::open(&address).await?;
        page.script(
            "const script = document.createElement('script');
             script.textContent = \"document.title = 'gone'\";
             document.body.append(script);
             document.body.setAttribute('onclick', \"document.title = 'gone'\");
             document.body.click();",
        )
        .await?;
        assert_eq!(violations(&page).await?, json!(["script-src-elem inline", "script-src-attr inline"]), "{address}");
        assert_ne!(page.script("return document.title").await?, json!("gone"));
    }
    Ok(())
}

#[tokio::test]
async fn what_a_hostile_peer_sends_stays_text() -> Result<()> {
    let page = Page::connecting_to(&hostile().await?).await?;
    page.sees_row("that was all").await?;
    let elements = "return document.querySelectorAll('script, style, iframe, base, img, animate, b, meta').length";
    let before = page.script(elements).await?;
    for text in &HOSTILE[..HOSTILE.len() - 1] {
        page.sees_row(text).await?.click().await?;
        page.sees_detail(text.split_once(':').map_or(*text, |(start, _)| start)).await?;
        page.clicks("Pin").await?;
        page.clicks("Hex").await?;
        page.clicks("Text").await?;
    }
    page.waits_for("the pins", "//ul[@aria-label='Pinned']//button[contains(., '<iframe')]").await?;
    // Text that the page itself writes into fields, lists and dialogs.
    page.types_message(HOSTILE[1]).await?;
    page.clicks("Save…").await?;
    page.fills("Name", HOSTILE[0]).await?;
    page.presses([Key::Enter]).await?;
    page.waits_for("the saved message", "//li//button[contains(., '<script>')]").await?;
    page.clicks("Options…").await?;
    page.fills("Name", HOSTILE[2]).await?;
    page.clicks("Close dialog").await?;
    page.clicks("Send").await?;
    page.sees_row("code 4000").await?;
    assert_eq!(page.script(elements).await?, before);
    assert_ne!(page.script("return document.title").await?, json!("gone"));
    assert_eq!(violations(&page).await?, json!([]));
    Ok(())
}
