//! Settings of the whole page. The model knows which numbers are allowed.

use model::{Msg, NumericSetting, Settings, TimeFormat};

use crate::page::{Dialog, Page};
use crate::view::controls::{button, finished_number_field, problem, select, value_of};
use crate::view::{View, html};

const NUMBERS: [(&str, &[NumericSetting]); 4] = [
    ("Log limits, per connection", &[NumericSetting::MaxEntries, NumericSetting::MaxSize]),
    ("Reconnecting", &[NumericSetting::InitialDelay, NumericSetting::MaxDelay, NumericSetting::MaxAttempts]),
    ("Disconnecting", &[NumericSetting::CloseTimeout]),
    ("Browser send buffer", &[NumericSetting::HighWatermark, NumericSetting::LowWatermark]),
];

pub(super) fn form() -> View {
    html("<form></form>")
        .child(select(
            "Timestamps",
            &["time of day", "since previous", "since first"],
            |page| settings(page).time_format as usize,
            |page, chosen| {
                let mut settings = *settings(page);
                settings.time_format = TimeFormat::ALL[chosen.min(2)];
                page.dispatch(Msg::Settings(settings));
            },
        ))
        .children(NUMBERS.map(|(legend, numbers)| {
            html("<fieldset><legend></legend></fieldset>")
                .at("legend")
                .text(legend)
                .at_root()
                .children(numbers.iter().map(|&setting| field(setting)))
        }))
        .child(html("<footer></footer>").child(button("ghost", "Clear all data…", |page, _| {
            page.open(Dialog::ClearAllData);
        })))
        // Below the button: an error appears when a field is left, which pressing the button does, and must not move
        // the button away.
        .child(problem("settings-problem", |page| page.forms.settings.errors.newest().into()))
}

fn settings(page: &Page) -> &Settings {
    page.store.workbench().settings()
}

/// Takes effect when it is finished: on the way to 200 000, a person types 2.
fn field(setting: NumericSetting) -> View {
    finished_number_field(
        setting.name(),
        move |page| setting.value(settings(page)).to_string().into(),
        move |page, event| change(page, setting, &value_of(event)),
    )
    .attr("aria-describedby", "settings-problem")
    .aria_if("aria-invalid", move |page| page.forms.settings.errors.has(setting as usize))
}

fn change(page: &mut Page, setting: NumericSetting, typed: &str) {
    let changed = settings(page).with(setting, typed);
    page.forms.settings.errors.set(setting as usize, changed.as_ref().err().cloned());
    if let Ok(settings) = changed {
        page.dispatch(Msg::Settings(settings));
    }
}
