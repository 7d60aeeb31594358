//! Which keys do what.

use model::{Msg, ShortcutKeys};

use crate::page::Page;
use crate::view::controls::checkbox;
use crate::view::{View, html};

pub(super) fn form() -> View {
    html("<form></form>")
        .child(checkbox(
            "/ and ? work everywhere outside fields",
            |page| page.store.workbench().settings().shortcut_keys == ShortcutKeys::On,
            choose,
        ))
        .child(html(
            "<div class=key-lists>\
           <dl class=keys>\
             <dt><kbd>/</kbd></dt><dd>Filter</dd>\
             <dt><kbd>?</kbd></dt><dd>This list</dd>\
           </dl>\
           <h3>In the message box</h3>\
           <dl class=keys>\
             <dt><kbd>Enter</kbd></dt><dd>Send</dd>\
             <dt><kbd>Shift</kbd> <kbd>Enter</kbd></dt><dd>New line</dd>\
             <dt><kbd>↑</kbd> <kbd>↓</kbd></dt><dd>Sent messages, when the box is empty</dd>\
           </dl>\
           <h3>In the filter</h3>\
           <dl class=keys>\
             <dt><kbd>Enter</kbd></dt><dd>Next match</dd>\
             <dt><kbd>Shift</kbd> <kbd>Enter</kbd></dt><dd>Previous match</dd>\
             <dt><kbd>Esc</kbd></dt><dd>Show all</dd>\
           </dl>\
           <h3>In the log</h3>\
           <dl class=keys>\
             <dt><kbd>↑</kbd> <kbd>↓</kbd> <kbd>Page Up</kbd> <kbd>Page Down</kbd> <kbd>Home</kbd> <kbd>End</kbd></dt>\
             <dd>Select an entry</dd>\
             <dt><kbd>Enter</kbd></dt><dd>Go to its content</dd>\
             <dt><kbd>p</kbd></dt><dd>Pin, unpin</dd>\
             <dt><kbd>Esc</kbd></dt><dd>Close the details</dd>\
           </dl>\
         </div>",
        ))
}

fn choose(page: &mut Page, on: bool) {
    let shortcut_keys = if on { ShortcutKeys::On } else { ShortcutKeys::Off };
    page.dispatch(Msg::Settings(model::Settings { shortcut_keys, ..*page.store.workbench().settings() }));
}
