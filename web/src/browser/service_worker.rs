//! The service worker, which caches the page for offline use (`service-worker.js`), and the newer version of the page that
//! it may have installed. A newer version takes over only on request: that reloads the page, which cuts every open
//! connection.

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;

use gloo_events::EventListener;
use gloo_utils::{document, window};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState,
    ServiceWorkerUpdateViaCache,
};

use super::task::Task;

/// What `service-worker.js` waits for.
const TAKE_OVER: &str = "take over";

/// A newer version of the page, installed and waiting.
#[derive(Debug)]
pub(crate) struct NewerVersion {
    worker: ServiceWorker,
    /// Reloads the page as soon as the newer version answers for it.
    activated: Option<EventListener>,
}

impl NewerVersion {
    /// Lets it take over, and reloads the page then; at once if another tab has let it take over already.
    pub(crate) fn take_over(&mut self) {
        let worker = self.worker.clone();
        self.activated = Some(EventListener::new(&self.worker, "statechange", move |_| reload_if_active(&worker)));
        // A text can always be cloned.
        let _ = self.worker.post_message(&TAKE_OVER.into());
        reload_if_active(&self.worker);
    }
}

/// A worker that a still newer one has replaced is redundant; the reload loads that one's files.
fn reload_if_active(worker: &ServiceWorker) {
    if matches!(worker.state(), ServiceWorkerState::Activated | ServiceWorkerState::Redundant) {
        // It fails only in a page that is being left.
        let _ = window().location().reload();
    }
}

/// Registers the service worker, and calls `offer` with each newer version. `None` where there is no service worker: in a
/// page that came over plain HTTP from another machine, or one that Trunk has not built.
pub(crate) fn register(offer: impl Fn(NewerVersion) + 'static) -> Option<Task> {
    let script = document().query_selector("script[data-worker]").ok()??.get_attribute("data-worker")?;
    let container = window().navigator().service_worker();
    let is_there = !JsValue::from(container.clone()).is_undefined();
    is_there.then(|| Task::spawn(watch(container, script, Rc::new(offer))))
}

/// Never completes: dropping it removes its listeners.
async fn watch(container: ServiceWorkerContainer, script: String, offer: Rc<dyn Fn(NewerVersion)>) {
    let options = RegistrationOptions::new();
    options.set_update_via_cache(ServiceWorkerUpdateViaCache::None);
    let registering = JsFuture::from(container.register_with_options(&script, &options));
    // Where the person has forbidden it, the page just does not work offline.
    let Ok(registration) = registering.await else { return };
    let registration: ServiceWorkerRegistration = registration.unchecked_into();
    if let Some(worker) = registration.waiting() {
        offer(NewerVersion { worker, activated: None });
    }
    let watch_installing = {
        let registration = registration.clone();
        move || registration.installing().map(|worker| when_installed(worker, &registration, &offer))
    };
    // Another tab may have found the update before this page registered.
    let installing = RefCell::new(watch_installing());
    let _update_found = EventListener::new(&registration, "updatefound", move |_| {
        installing.replace(watch_installing());
    });
    pending().await
}

fn when_installed(
    worker: ServiceWorker,
    registration: &ServiceWorkerRegistration,
    offer: &Rc<dyn Fn(NewerVersion)>,
) -> EventListener {
    let (registration, offer) = (registration.clone(), Rc::clone(offer));
    EventListener::new(&worker.clone(), "statechange", move |_| {
        // Without an active one this is the first, which has nothing to replace.
        if worker.state() == ServiceWorkerState::Installed && registration.active().is_some() {
            offer(NewerVersion { worker: worker.clone(), activated: None });
        }
    })
}
