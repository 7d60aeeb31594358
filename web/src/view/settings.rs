//! What holds for the whole page. It never checks a figure beyond that it is one: the model does.

use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Msg, Settings, Times};

use super::controls::{button, choice, number};
use crate::store::Store;

/// Bytes of a mebibyte and of a kibibyte.
const MIB: usize = 1 << 20;
const KIB: u64 = 1 << 10;

pub(super) fn form(store: Store) -> AnyView {
    let figure = move |name: &'static str, read: fn(&Settings) -> u64, write: fn(&mut Settings, u64)| {
        let shown = store.text(move |workbench| read(workbench.settings()).to_string());
        number(name, shown, move |text| {
            if let Ok(figure) = text.parse() {
                change(store, |settings| write(settings, figure));
            }
        })
    };
    let times = store.fact(|workbench| workbench.settings().times as usize);
    view! {
        <form>
            {choice("Time of messages", &["by the clock", "since the one before", "since the first"], times.into(), move |chosen| {
                let times = [Times::Clock, Times::SincePrevious, Times::SinceStart];
                change(store, |settings| settings.times = times[chosen.min(2)]);
            })}
            <fieldset>
                <legend>"Each log keeps at most"</legend>
                {figure("Messages", |settings| settings.limits.entries as u64, |settings, figure| {
                    settings.limits.entries = figure as usize;
                })}
                {figure("MiB", |settings| (settings.limits.bytes / MIB) as u64, |settings, figure| {
                    settings.limits.bytes = (figure as usize).saturating_mul(MIB);
                })}
            </fieldset>
            <fieldset>
                <legend>"A lost connection is tried again"</legend>
                {figure("after ms at first", |settings| settings.patience.first.into(), |settings, figure| {
                    settings.patience.first = figure.try_into().unwrap_or(u32::MAX);
                })}
                {figure("after ms at most", |settings| settings.patience.longest.into(), |settings, figure| {
                    settings.patience.longest = figure.try_into().unwrap_or(u32::MAX);
                })}
                {figure("times", |settings| settings.patience.tries.into(), |settings, figure| {
                    settings.patience.tries = figure.try_into().unwrap_or(u32::MAX);
                })}
            </fieldset>
            <fieldset>
                <legend>"Sending pauses while the browser holds back"</legend>
                {figure("more than KiB", |settings| settings.marks.high / KIB, |settings, figure| {
                    settings.marks.high = figure.saturating_mul(KIB);
                })}
                {figure("and until it is KiB", |settings| settings.marks.low / KIB, |settings, figure| {
                    settings.marks.low = figure.saturating_mul(KIB);
                })}
            </fieldset>
            <footer>{button("ghost", "Forget everything", move || store.dispatch(Msg::ForgetEverything))}</footer>
        </form>
    }
    .into_any()
}

fn change(store: Store, change: impl FnOnce(&mut Settings)) {
    let mut settings = store.with_untracked(|workbench| *workbench.settings());
    change(&mut settings);
    store.dispatch(Msg::Settings(settings));
}
