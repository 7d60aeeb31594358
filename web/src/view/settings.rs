//! What holds for the whole page. It never checks a figure beyond that it is one: the model does.

use model::{Msg, Settings, Times};

use super::controls::{button, choice, number, value_of};
use super::{View, html};
use crate::page::Page;

/// Bytes of a mebibyte and of a kibibyte.
const MIB: usize = 1 << 20;
const KIB: u64 = 1 << 10;

pub(super) fn form() -> View {
    html("<form></form>")
        .child(choice(
            "Time of messages",
            &["by the clock", "since the one before", "since the first"],
            |page| settings(page).times as usize,
            |page, chosen| {
                let times = [Times::Clock, Times::SincePrevious, Times::SinceStart];
                change(page, |settings| settings.times = times[chosen.min(2)]);
            },
        ))
        .children([
            html("<fieldset><legend>Each log keeps at most</legend></fieldset>").children([
                figure(
                    "Messages",
                    |settings| settings.limits.entries as u64,
                    |settings, figure| settings.limits.entries = figure as usize,
                ),
                figure(
                    "MiB",
                    |settings| (settings.limits.bytes / MIB) as u64,
                    |settings, figure| settings.limits.bytes = (figure as usize).saturating_mul(MIB),
                ),
            ]),
            html("<fieldset><legend>A lost connection is tried again</legend></fieldset>").children([
                figure(
                    "after ms at first",
                    |settings| settings.patience.first.into(),
                    |settings, figure| settings.patience.first = whole(figure),
                ),
                figure(
                    "after ms at most",
                    |settings| settings.patience.longest.into(),
                    |settings, figure| settings.patience.longest = whole(figure),
                ),
                figure(
                    "times",
                    |settings| settings.patience.tries.into(),
                    |settings, figure| settings.patience.tries = whole(figure),
                ),
            ]),
            html("<fieldset><legend>Sending pauses while the browser holds back</legend></fieldset>").children([
                figure(
                    "more than KiB",
                    |settings| settings.marks.high / KIB,
                    |settings, figure| settings.marks.high = figure.saturating_mul(KIB),
                ),
                figure(
                    "and until it is KiB",
                    |settings| settings.marks.low / KIB,
                    |settings, figure| settings.marks.low = figure.saturating_mul(KIB),
                ),
            ]),
            html("<footer></footer>")
                .child(button("ghost", "Forget everything", |page, _| page.dispatch(Msg::ForgetEverything))),
        ])
}

fn settings(page: &Page) -> &Settings {
    page.store.workbench().settings()
}

fn figure(name: &str, read: fn(&Settings) -> u64, write: fn(&mut Settings, u64)) -> View {
    number(
        name,
        move |page| read(settings(page)).to_string().into(),
        move |page, event| {
            if let Ok(figure) = value_of(event).parse() {
                change(page, |settings| write(settings, figure));
            }
        },
    )
}

fn whole(figure: u64) -> u32 {
    figure.try_into().unwrap_or(u32::MAX)
}

fn change(page: &mut Page, change: impl FnOnce(&mut Settings)) {
    let mut settings = *settings(page);
    change(&mut settings);
    page.dispatch(Msg::Settings(settings));
}
