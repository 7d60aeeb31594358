//! The page as a person uses it: by visible text and by keyboard. Every wait has a limit and a name.

use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::actions::{InputSource, KeyAction, KeyActions, MouseActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::Value;
use testkit::Server;

use crate::driver::{Driver, Scripts, Window};
use crate::servers;

const LIMIT: Duration = Duration::from_secs(30);

/// The direction of the tab key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tab {
    Forward,
    Backward,
}

pub(crate) struct Page {
    client: Client,
    /// Where the page comes from, unless it was opened at another address.
    server: Option<Server>,
    /// Ends with the page.
    _driver: Driver,
}

impl Page {
    /// The page, from its own server.
    pub(crate) async fn start() -> Result<Self> {
        Self::start_in(Window::WIDE).await
    }

    pub(crate) async fn start_in(window: Window) -> Result<Self> {
        let server = servers::start().await?;
        let page = Self::open_in(window, &server.page()).await?;
        Ok(Self { server: Some(server), ..page })
    }

    /// The page, from its own server and connected to a path of it.
    pub(crate) async fn connected(path: &str) -> Result<Self> {
        let page = Self::start().await?;
        page.connects_to(&page.server().websocket(path)).await?;
        page.sees_state("Open").await?;
        Ok(page)
    }

    /// The page, from its own server, connecting to another one, which may refuse it.
    pub(crate) async fn connecting_to(address: &str) -> Result<Self> {
        let page = Self::start().await?;
        page.connects_to(address).await?;
        Ok(page)
    }

    /// The page at that address.
    pub(crate) async fn open(url: &str) -> Result<Self> {
        Self::open_in(Window::WIDE, url).await
    }

    pub(crate) async fn open_in(window: Window, url: &str) -> Result<Self> {
        let page = Self::blank(window).await?;
        page.goes_to(url).await?;
        Ok(page)
    }

    async fn blank(window: Window) -> Result<Self> {
        let driver = Driver::start().await?;
        let client = driver.open(window).await?;
        Ok(Self { client, server: None, _driver: driver })
    }

    /// The page at an address where it does not start.
    pub(crate) async fn fails_at(url: &str) -> Result<Self> {
        Self::fails_at_in(url, Window::WIDE).await
    }

    async fn fails_at_in(url: &str, window: Window) -> Result<Self> {
        let page = Self::blank(window).await?;
        page.client.goto(url).await?;
        Ok(page)
    }

    /// The same in a browser that runs no scripts of a page.
    pub(crate) async fn without_javascript(url: &str) -> Result<Self> {
        Self::fails_at_in(url, Window { scripts: Scripts::Off, ..Window::WIDE }).await
    }

    /// The server that the page came from.
    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("the page came from a server of its own, which runs")
    }

    /// Shuts down the server that the page came from.
    pub(crate) async fn stops_server(&mut self) -> Result<()> {
        self.server.take().expect("the page came from a server of its own, which runs").stop().await
    }

    pub(crate) async fn goes_to(&self, url: &str) -> Result<()> {
        self.client.goto(url).await?;
        self.waits_for("the page has started", "//h1[contains(., 'Canyon')]").await.map(drop)
    }

    pub(crate) async fn connects_to(&self, address: &str) -> Result<()> {
        self.types_address(address).await?;
        self.clicks("Connect").await
    }

    /// Waits until the XPath finds an element.
    pub(crate) async fn waits_for(&self, what: &str, xpath: &str) -> Result<Element> {
        self.waits_at_most(LIMIT, what, xpath).await
    }

    /// The same, for work that takes the page long.
    pub(crate) async fn waits_long_for(&self, what: &str, xpath: &str) -> Result<Element> {
        self.waits_at_most(4 * LIMIT, what, xpath).await
    }

    async fn waits_at_most(&self, limit: Duration, what: &str, xpath: &str) -> Result<Element> {
        self.client
            .wait()
            .at_most(limit)
            .for_element(Locator::XPath(xpath))
            .await
            .with_context(|| format!("timed out: {what}"))
    }

    pub(crate) async fn sees_state(&self, state: &str) -> Result<()> {
        let xpath = format!("//p[@role='status'][.={}]", literal(state));
        self.waits_for(&format!("the state is {state:?}"), &xpath).await.map(drop)
    }

    /// A row of the log has this text in it.
    pub(crate) async fn sees_row(&self, text: &str) -> Result<Element> {
        let xpath = format!("//*[@role='log']//*[@role='option'][contains(., {})]", literal(text));
        self.waits_for(&format!("the log has {text:?}"), &xpath).await
    }

    /// The filter shows this many of this many entries.
    pub(crate) async fn sees_hits(&self, hits: &str) -> Result<()> {
        let xpath = format!("//*[@class='hits']/span[.={}]", literal(hits));
        self.waits_for(&format!("the hits are {hits:?}"), &xpath).await.map(drop)
    }

    /// A message of that kind has come, with this text in it.
    pub(crate) async fn sees_received(&self, kind: &str, text: &str) -> Result<()> {
        let (kind, text) = (literal(&format!("received {kind}")), literal(text));
        let xpath = format!("//*[@role='option'][contains(., {kind})][contains(., {text})]");
        self.waits_for(&format!("{kind} with {text}"), &xpath).await.map(drop)
    }

    /// The detail of the selected entry has this text in it.
    pub(crate) async fn sees_detail(&self, text: &str) -> Result<()> {
        let xpath = format!("//aside[@class='detail'][contains(., {})]", literal(text));
        self.waits_for(&format!("the detail has {text:?}"), &xpath).await.map(drop)
    }

    pub(crate) async fn count(&self, css: &str) -> Result<usize> {
        Ok(self.client.find_all(Locator::Css(css)).await?.len())
    }

    /// Clicks the button with that name, or with a name that begins so.
    pub(crate) async fn clicks(&self, button: &str) -> Result<()> {
        let name = literal(button);
        let xpath = format!("//button[starts-with(normalize-space(), {name}) or @aria-label={name}][not(@disabled)]");
        let found = self.waits_for(&format!("there is a button {button:?}"), &xpath).await?;
        self.unfolds(&found).await?;
        // Some exist before they are visible.
        let begun = std::time::Instant::now();
        while !found.is_displayed().await? && begun.elapsed() < LIMIT {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(found.click().await?)
    }

    /// Opens the popover that a small window has the element in.
    async fn unfolds(&self, element: &Element) -> Result<()> {
        let closed = "const fold = arguments[0].closest('.fold');
            return fold && getComputedStyle(fold).display === 'none' ? fold.id : null";
        if let Value::String(id) = self.script_with(closed, vec![serde_json::to_value(element)?]).await? {
            self.waits_for("its button", &format!("//button[@popovertarget='{id}']")).await?.click().await?;
        }
        Ok(())
    }

    /// The field with that name, or with a name that begins so.
    pub(crate) async fn field(&self, name: &str) -> Result<Element> {
        let name = literal(name);
        let xpath = format!("//input[@aria-label={name}] | //label[starts-with(normalize-space(), {name})]//input");
        self.waits_for(&format!("there is a field {name}"), &xpath).await
    }

    /// Replaces a field's value.
    pub(crate) async fn fills(&self, name: &str, text: &str) -> Result<()> {
        let field = self.field(name).await?;
        field.clear().await?;
        field.send_keys(text).await?;
        Ok(())
    }

    /// Gives a field for files, which need not be visible, one of this machine.
    pub(crate) async fn chooses_file(&self, css: &str, path: &std::path::Path) -> Result<()> {
        let field = self.client.find(Locator::Css(css)).await?;
        Ok(field.send_keys(path.to_str().context("the path is Unicode")?).await?)
    }

    pub(crate) async fn ticks(&self, name: &str) -> Result<()> {
        self.field(name).await?.click().await?;
        Ok(())
    }

    /// Turns on automatic reconnecting, with a delay longer than any test.
    pub(crate) async fn reconnects_in_an_hour(&self) -> Result<()> {
        self.clicks("Settings…").await?;
        for figure in ["Maximum delay (ms)", "Initial delay (ms)"] {
            self.fills(figure, "3600000").await?;
        }
        self.clicks("Close dialog").await?;
        self.clicks("Options…").await?;
        self.ticks("Reconnect automatically").await?;
        self.clicks("Close dialog").await
    }

    /// Opens a page in another tab, and continues there.
    pub(crate) async fn opens_tab(&self, url: &str) -> Result<()> {
        let tab = self.client.new_window(true).await?.handle;
        self.client.switch_to_window(tab).await?;
        self.goes_to(url).await
    }

    /// Continues in the first tab.
    pub(crate) async fn goes_back_to_first_tab(&self) -> Result<()> {
        let tabs = self.client.windows().await?;
        self.client.switch_to_window(tabs.into_iter().next().context("there is no tab")?).await?;
        Ok(())
    }

    pub(crate) async fn reloads(&self) -> Result<()> {
        self.client.refresh().await?;
        self.waits_for("the page has started", "//h1[contains(., 'Canyon')]").await.map(drop)
    }

    /// Waits until the script returns true.
    pub(crate) async fn waits_for_script(&self, what: &str, script: &str) -> Result<()> {
        let begun = std::time::Instant::now();
        while self.script(script).await? != Value::Bool(true) {
            anyhow::ensure!(begun.elapsed() < LIMIT, "timed out: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    pub(crate) async fn types_address(&self, address: &str) -> Result<()> {
        // It is read-only until the connection has ended.
        let ready = "//section[@aria-label='Connection']//label[starts-with(., 'URL')]/input[not(@disabled) and not(@readonly)]";
        let field = self.waits_for("the address can be changed", ready).await?;
        field.clear().await?;
        field.send_keys(address).await?;
        Ok(())
    }

    pub(crate) async fn types_message(&self, text: &str) -> Result<()> {
        self.message_box().await?.send_keys(text).await?;
        Ok(())
    }

    /// Types a message and Enter.
    pub(crate) async fn sends(&self, text: &str) -> Result<()> {
        self.types_message(&format!("{text}{}", char::from(Key::Enter))).await
    }

    /// Types at the focused element.
    pub(crate) async fn presses(&self, keys: impl IntoIterator<Item = Key>) -> Result<()> {
        let keys: String = keys.into_iter().map(char::from).collect();
        self.client.active_element().await?.send_keys(&keys).await?;
        Ok(())
    }

    /// Presses the tab key until an element that matches the selector has the focus.
    pub(crate) async fn tabs_to(&self, what: &str, css: &str, direction: Tab) -> Result<()> {
        const STOPS: usize = 60;
        let keys: &[Key] = match direction {
            Tab::Forward => &[Key::Tab],
            Tab::Backward => &[Key::Shift, Key::Tab],
        };
        // As key actions, because text sent to a file field is taken for a file's name.
        let down = keys.iter().map(|&key| KeyAction::Down { value: key.into() });
        let up = keys.iter().rev().map(|&key| KeyAction::Up { value: key.into() });
        let press = down.chain(up).fold(KeyActions::new("keyboard".to_owned()), KeyActions::then);
        for _ in 0..STOPS {
            self.client.perform_actions(press.clone()).await?;
            let there = format!("return document.activeElement.matches({css:?})");
            if self.script(&there).await? == Value::Bool(true) {
                return Ok(());
            }
        }
        anyhow::bail!("{STOPS} times the tab key do not lead to {what}")
    }

    pub(crate) async fn focused(&self) -> Result<Element> {
        Ok(self.client.active_element().await?)
    }

    pub(crate) async fn address_field(&self) -> Result<Element> {
        self.waits_for("there is an address field", "//label[starts-with(., 'URL')]/input").await
    }

    pub(crate) async fn message_box(&self) -> Result<Element> {
        self.waits_for("there is a message box", "//textarea").await
    }

    pub(crate) async fn script(&self, script: &str) -> Result<Value> {
        self.script_with(script, Vec::new()).await
    }

    /// A script with what it finds in `arguments`.
    pub(crate) async fn script_with(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute(script, arguments).await?)
    }

    /// A script that gives its result to the last of its arguments.
    pub(crate) async fn script_async(&self, script: &str) -> Result<Value> {
        self.script_async_with(script, Vec::new()).await
    }

    /// The same, with what it finds in `arguments` before that.
    pub(crate) async fn script_async_with(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute_async(script, arguments).await?)
    }

    /// Moves the mouse, presses its buttons.
    pub(crate) async fn acts(&self, actions: MouseActions) -> Result<()> {
        Ok(self.client.perform_actions(actions).await?)
    }

    /// Minimises the window, so that the page is hidden.
    pub(crate) async fn hides(&self) -> Result<()> {
        self.client.minimize_window().await?;
        self.waits_for_script("the page is hidden", "return document.hidden").await
    }

    /// Where the browser's debugger for this tab is.
    pub(crate) async fn debugger_address(&self) -> Result<String> {
        let capabilities = self.client.capabilities().context("the browser has no capabilities")?;
        let address = capabilities.get("goog:chromeOptions").and_then(|options| options["debuggerAddress"].as_str());
        let tab = self.client.window().await?;
        Ok(format!("ws://{}/devtools/page/{}", address.context("the browser has no debugger")?, String::from(tab)))
    }

    pub(crate) async fn screenshot(&self) -> Result<Vec<u8>> {
        Ok(self.client.screenshot().await?)
    }
}

/// A field's value.
pub(crate) async fn value(field: &Element) -> Result<String> {
    Ok(field.prop("value").await?.unwrap_or_default())
}

/// A string literal in XPath, which has no escapes.
fn literal(text: &str) -> String {
    let parts: Vec<String> = text.split('"').map(|part| format!("\"{part}\"")).collect();
    format!("concat('', {})", parts.join(", '\"', "))
}
