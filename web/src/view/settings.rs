//! What holds for the whole page. It never checks a figure: the model does.

use model::{Msg, NumericSetting, Settings, Times};
use web_sys::Event;

use super::controls::{button, choice, finished_number, problem, value_of};
use super::{View, html};
use crate::page::Page;

/// What the figures are about, and which there are.
const FIGURES: [(&str, &[NumericSetting]); 3] = [
    ("Each log keeps at most", &[NumericSetting::MaxEntries, NumericSetting::MaxSize]),
    ("Reconnecting", &[NumericSetting::InitialDelay, NumericSetting::MaxDelay, NumericSetting::MaxAttempts]),
    ("Bytes queued in the browser", &[NumericSetting::HighWatermark, NumericSetting::LowWatermark]),
];

pub(super) fn form() -> View {
    html("<form></form>")
        .child(choice(
            "Time of messages",
            &["by the clock", "since the one before", "since the first"],
            |page| settings(page).times as usize,
            |page, chosen| {
                let mut settings = *settings(page);
                settings.times = Times::ALL[chosen.min(2)];
                page.dispatch(Msg::Settings(settings));
            },
        ))
        .children(FIGURES.map(|(legend, figures)| {
            html("<fieldset><legend></legend></fieldset>")
                .at("legend")
                .text(legend)
                .top()
                .children(figures.iter().map(|&figure| field(figure)))
        }))
        .child(html("<footer></footer>").child(button("ghost", "", forget).text_of(|page| {
            if page.forms.is_sure { "Yes, forget settings, messages and history" } else { "Forget everything…" }.into()
        })))
        // At the end, for it comes and goes while a button is being pressed, which must not move away then.
        .child(problem("settings-problem", |page| page.forms.wrong.words().into()))
}

/// Once is asked, twice is done.
fn forget(page: &mut Page, _: &Event) {
    if page.forms.is_sure {
        page.dispatch(Msg::ForgetEverything);
        page.dialog = None;
    }
    page.forms.is_sure = true;
}

fn settings(page: &Page) -> &Settings {
    page.store.workbench().settings()
}

/// It is taken when it is finished, for on the way to 200 000 there is a 2.
fn field(figure: NumericSetting) -> View {
    finished_number(
        figure.name(),
        move |page| figure.value(settings(page)).to_string().into(),
        move |page, event| take(page, figure, &value_of(event)),
    )
    .attr("aria-describedby", "settings-problem")
    .aria_if("aria-invalid", move |page| page.forms.wrong.has(figure as usize))
}

fn take(page: &mut Page, figure: NumericSetting, typed: &str) {
    let chosen = settings(page).with(figure, typed);
    page.forms.wrong.note(figure as usize, chosen.as_ref().err().cloned());
    if let Ok(settings) = chosen {
        page.dispatch(Msg::Settings(settings));
    }
}
