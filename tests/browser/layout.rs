//! The lines between the parts of the page: moved, and found again.

use anyhow::Result;
use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use fantoccini::key::Key;

use crate::page::Page;
use crate::servers::Server;

async fn width(page: &Page) -> Result<i64> {
    let width =
        page.script("return Math.round(document.querySelector('.sidebar').getBoundingClientRect().width)").await?;
    Ok(width.as_i64().unwrap_or_default())
}

#[tokio::test]
async fn a_line_that_was_moved_is_found_there_again() -> Result<()> {
    let server = Server::start().await?;
    let page = Page::open(&server.page()).await?;
    let before = width(&page).await?;
    let line = "//*[@role='separator'][@aria-label='Width of the lists']";
    let separator = page.waits_for("the line", line).await?;
    let drag = MouseActions::new("mouse".to_owned())
        .then(PointerAction::MoveToElement { element: separator, duration: None, x: 0.0, y: 0.0 })
        .then(PointerAction::Down { button: 0 })
        .then(PointerAction::MoveBy { duration: None, x: 60.0, y: 5.0 })
        .then(PointerAction::Up { button: 0 })
        .then(PointerAction::MoveBy { duration: None, x: 60.0, y: 0.0 });
    page.acts(drag).await?;
    assert_eq!(width(&page).await?, before + 60);
    page.waits_for("the line", line).await?.send_keys(&char::from(Key::Left).to_string()).await?;
    assert_eq!(width(&page).await?, before + 44);
    let kept = format!("return JSON.parse(localStorage.getItem('canyon.settings'))?.sidebarWidth === {}", before + 44);
    page.waits_for_script("it is kept", &kept).await?;
    page.reloads().await?;
    assert_eq!(width(&page).await?, before + 44);
    Ok(())
}
