//! The separators between the parts of the page: they are moved, and saved.

use anyhow::Result;
use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use fantoccini::key::Key;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::driver::Window;
use crate::page::Page;
use crate::servers::peer;

/// A part of the page, and the separator at its edge.
struct Part {
    css: &'static str,
    /// `width` or `height`.
    side: &'static str,
    line: &'static str,
    /// The setting in which its size is saved.
    key: &'static str,
}

const LISTS: Part = Part { css: ".sidebar", side: "width", line: "Sidebar width", key: "sidebarWidth" };
const DETAIL: Part = Part { css: ".detail", side: "width", line: "Details width", key: "detailWidth" };
const BOX: Part = Part { css: ".compose textarea", side: "height", line: "Message box height", key: "composeHeight" };

impl Part {
    async fn size(&self, page: &Page) -> Result<i64> {
        let Self { css, side, .. } = self;
        let size = format!("return Math.round(document.querySelector('{css}').getBoundingClientRect().{side})");
        Ok(page.script(&size).await?.as_i64().unwrap_or_default())
    }

    /// Drags the separator with the mouse, releases it, and moves on.
    async fn drag(&self, page: &Page, x: f64, y: f64) -> Result<()> {
        let xpath = format!("//*[@role='separator'][@aria-label='{}']", self.line);
        let element = page.waits_for("the line", &xpath).await?;
        let drag = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 })
            .then(PointerAction::Down { button: 0 })
            .then(PointerAction::MoveBy { duration: None, x, y })
            .then(PointerAction::Up { button: 0 })
            .then(PointerAction::MoveBy { duration: None, x: 60.0, y: -60.0 });
        page.acts(drag).await
    }

    async fn press(&self, page: &Page, key: Key) -> Result<()> {
        let xpath = format!("//*[@role='separator'][@aria-label='{}']", self.line);
        page.waits_for("the line", &xpath).await?.send_keys(&char::from(key).to_string()).await?;
        Ok(())
    }

    async fn is_found_again(&self, page: &Page, size: i64) -> Result<()> {
        assert_eq!(self.size(page).await?, size);
        let kept = format!("return JSON.parse(localStorage.getItem('canyon.settings'))?.{} === {size}", self.key);
        page.waits_for_script("it is kept", &kept).await?;
        page.reloads().await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_moved_separator_is_restored_after_a_reload() -> Result<()> {
    let page = Page::start().await?;
    let before = LISTS.size(&page).await?;
    LISTS.drag(&page, 60.0, 5.0).await?;
    assert_eq!(LISTS.size(&page).await?, before + 60);
    LISTS.press(&page, Key::Left).await?;
    LISTS.is_found_again(&page, before + 44).await?;
    assert_eq!(LISTS.size(&page).await?, before + 44);
    Ok(())
}

#[tokio::test]
async fn the_detail_grows_to_the_left() -> Result<()> {
    let page = Page::connected("/").await?;
    page.sees_row("Open after").await?.click().await?;
    let before = DETAIL.size(&page).await?;
    DETAIL.drag(&page, -40.0, 0.0).await?;
    assert_eq!(DETAIL.size(&page).await?, before + 40);
    DETAIL.press(&page, Key::Right).await?;
    DETAIL.is_found_again(&page, before + 24).await
}

#[tokio::test]
async fn the_message_box_is_made_taller_and_shorter_by_pointer_and_by_keyboard() -> Result<()> {
    for window in [Window::WIDE, Window::PHONE] {
        let page = Page::start_in(window).await?;
        let before = BOX.size(&page).await?;
        BOX.drag(&page, 5.0, -80.0).await?;
        assert_eq!(BOX.size(&page).await?, before + 80);
        BOX.press(&page, Key::Down).await?;
        assert_eq!(BOX.size(&page).await?, before + 64);
        BOX.press(&page, Key::Up).await?;
        BOX.is_found_again(&page, before + 80).await?;
        assert_eq!(BOX.size(&page).await?, before + 80);
    }
    Ok(())
}

#[tokio::test]
async fn a_long_figure_for_what_waits_is_shown_in_full() -> Result<()> {
    let page = Page::connected("/").await?;
    let (cut, moved) = (
        "const fact = document.querySelector('.queued dd'), strip = document.querySelector('.status');
         const sent = document.querySelector('.tally'), was = [sent.offsetLeft, strip.offsetHeight];
         fact.textContent = '63.9 KiB + 12 345 messages';
         const over = fact.getBoundingClientRect().right - strip.getBoundingClientRect().right;
         return over > 0 || fact.scrollWidth > fact.clientWidth",
        "|| sent.offsetLeft !== was[0] || strip.offsetHeight !== was[1]",
    );
    assert_eq!(page.script(&[cut, moved].concat()).await?, serde_json::json!(false));
    Ok(())
}

#[tokio::test]
async fn a_tap_beside_the_lists_hides_them_and_does_nothing_else() -> Result<()> {
    let page = Page::start_in(Window::PHONE).await?;
    page.clicks("Connections and saved messages").await?;
    page.waits_for_script("the lists", "return document.querySelector('.sidebar').offsetWidth > 0").await?;
    let tap = MouseActions::new("mouse".to_owned())
        .then(PointerAction::MoveTo { duration: None, x: 340.0, y: 300.0 })
        .then(PointerAction::Down { button: 0 })
        .then(PointerAction::Up { button: 0 });
    assert_eq!(page.script("return document.elementFromPoint(340, 300).className").await?, serde_json::json!("scrim"));
    page.acts(tap).await?;
    page.waits_for_script("no lists", "return document.querySelector('.sidebar').offsetWidth === 0").await
}

#[tokio::test]
async fn escape_hides_the_lists_and_gives_the_focus_back() -> Result<()> {
    let page = Page::start_in(Window::PHONE).await?;
    page.clicks("Connections and saved messages").await?;
    page.waits_for_script("the lists", "return document.querySelector('.sidebar').offsetWidth > 0").await?;
    page.presses([Key::Escape]).await?;
    page.waits_for_script("no lists", "return document.querySelector('.sidebar').offsetWidth === 0").await?;
    page.waits_for_script("the focus", "return document.activeElement.matches('.menu')").await
}

#[tokio::test]
async fn the_filter_says_what_it_takes_in_a_narrow_window() -> Result<()> {
    for width in [320, 360] {
        let page = Page::start_in(Window { width, ..Window::PHONE }).await?;
        let fits = "const field = document.querySelector('.filter');
            const style = getComputedStyle(field);
            const pen = document.createElement('canvas').getContext('2d');
            pen.font = `${style.fontSize} ${style.fontFamily}`;
            const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
            return [pen.measureText(field.placeholder).width <= room, pen.measureText(field.placeholder).width, room]";
        let fits = page.script(fits).await?;
        assert_eq!(fits[0], serde_json::json!(true), "{width} px: {fits}");
    }
    Ok(())
}

#[tokio::test]
async fn a_notice_leaves_the_end_of_the_sequence_panel_free() -> Result<()> {
    let page = Page::start_in(Window::PHONE).await?;
    page.clicks("Sequence").await?;
    page.clicks("Save").await?;
    page.clicks("Delete").await?;
    page.waits_for("the notice", "//p[@id='undo'][not(@hidden)]").await?;
    let free = "const panel = document.querySelector('.sequence');
        panel.scrollTop = panel.scrollHeight;
        const last = [...panel.querySelectorAll('button')].at(-1).getBoundingClientRect();
        const notice = document.querySelector('#undo').getBoundingClientRect();
        return last.bottom <= notice.top || last.top >= notice.bottom || last.right <= notice.left";
    page.waits_for_script("the last button is free", free).await
}

#[tokio::test]
async fn a_small_window_folds_controls_away_and_gives_the_focus_back() -> Result<()> {
    let page = Page::start_in(Window { width: 640, height: 400, ..Window::WIDE }).await?;
    let log = "return Math.round(100 * document.querySelector('.rows').clientHeight / innerHeight)";
    let share = page.script(log).await?.as_i64().unwrap_or_default();
    assert!(share >= 40, "the log has {share} % of the height");
    page.clicks("Settings…").await?;
    page.waits_for("the dialog is open", "//dialog[@open]").await?;
    page.presses([Key::Escape]).await?;
    page.waits_for("the dialog is closed", "//dialog[not(@open)]").await?;
    assert_eq!(page.focused().await?.attr("popovertarget").await?.as_deref(), Some("page-menu"));
    page.clicks("Repeat").await?;
    page.waits_for("the form", "//*[@aria-label='Repeat'][.//button[.='Start']]").await?;
    assert_eq!(page.count(".fold:popover-open").await?, 0, "it would cover the form");
    Ok(())
}

#[tokio::test]
async fn a_separator_dragged_too_far_stops_at_its_limit() -> Result<()> {
    let page = Page::start().await?;
    BOX.drag(&page, 0.0, -600.0).await?;
    let most = BOX.size(&page).await?;
    assert_eq!(most, 320, "40 % of the window");
    BOX.press(&page, Key::Down).await?;
    assert_eq!(BOX.size(&page).await?, most - 16);
    Ok(())
}

/// Sums up by how much what is on the page moves without having been touched
/// ([layout shift](https://developer.mozilla.org/en-US/docs/Web/API/LayoutShift)), from now on.
const WATCH: &str = "window.moved = [];
    new PerformanceObserver((shifts) => shifts.getEntries().forEach(({ value, sources }) =>
      moved.push([value, ...sources.map(({ node }) => node?.className ?? node?.nodeName)])))
      .observe({ type: 'layout-shift' });";

#[tokio::test]
async fn nothing_moves_while_a_lost_connection_is_reconnected() -> Result<()> {
    for window in [Window::WIDE, Window::PHONE, Window { width: 640, height: 400, ..Window::WIDE }] {
        let page = Page::start_in(window).await?;
        page.clicks("Settings…").await?;
        page.fills("Maximum delay (ms)", "300").await?;
        page.fills("Initial delay (ms)", "300").await?;
        page.clicks("Close dialog").await?;
        page.clicks("Options…").await?;
        page.ticks("Reconnect automatically").await?;
        page.clicks("Close dialog").await?;
        let address = peer(async |mut client| {
            client.send(Message::text("bye")).await?;
            client.next().await;
            Ok(())
        })
        .await?;
        page.connects_to(&address).await?;
        page.sees_row("bye").await?;
        page.script(WATCH).await?;
        page.sends("go").await?;
        let tries = "//*[@role='option'][contains(., 'Could not connect')]";
        page.waits_for("three attempts", &format!("({tries})[3]")).await?;
        assert_eq!(page.script("return moved").await?, serde_json::json!([]), "{window:?}");
    }
    Ok(())
}
