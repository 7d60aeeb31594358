//! A state and its views in a document, and the update loop between them.
//!
//! Updates never nest. JavaScript has one thread, but its calls do: a binding that removes a focused element makes the
//! browser fire `blur` before `remove()` returns, `dialog.close()` fires events, a change may use a [`Handle`]. Such an
//! update finds the state borrowed; it is queued, and the update that holds the state applies it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use web_sys::HtmlElement;

use super::View;

/// The state of a page.
pub trait AppState: 'static {
    /// Called after changes and before each render: derives what depends on several parts of the state.
    fn before_render(&mut self) {}
}

/// A page in a document. Dropping it removes its views.
pub struct Mounted<S: AppState>(Rc<Inner<S>>);

impl<S: AppState> Mounted<S> {
    /// Appends the views of a state to `parent`.
    pub fn new(
        parent: &HtmlElement,
        state: impl FnOnce(Handle<S>) -> S,
        views: impl FnOnce(&S) -> Vec<View<S>>,
    ) -> Self {
        let inner = Rc::new_cyclic(|weak| {
            let state = state(Handle(weak.clone()));
            let views = views(&state);
            for view in &views {
                // Fails only if one contains the other.
                let _ = parent.append_child(&view.0.root);
            }
            Inner { state: state.into(), views: views.into(), queue: RefCell::default() }
        });
        inner.render(&mut inner.state.borrow_mut());
        Self(inner)
    }

    /// A handle for callers outside the page.
    pub fn handle(&self) -> Handle<S> {
        Handle(Rc::downgrade(&self.0))
    }
}

impl<S: AppState> Drop for Mounted<S> {
    fn drop(&mut self) {
        for view in &*self.0.views.borrow() {
            view.0.root.remove();
        }
    }
}

/// Changes a page's state from a callback. After the page has been dropped it does nothing.
pub struct Handle<S: AppState>(Weak<Inner<S>>);

impl<S: AppState> Clone for Handle<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

type Change<S> = Box<dyn FnOnce(&mut S)>;

/// When the document shows a change.
#[derive(Clone, Copy)]
enum Render {
    Now,
    WithTheNextUpdate,
}

impl<S: AppState> Handle<S> {
    /// Changes the state and renders.
    pub fn update(&self, change: impl FnOnce(&mut S) + 'static) {
        self.apply(Box::new(change), Render::Now);
    }

    /// Changes the state without rendering: the next [`update`](Self::update) shows it. For changes that come by the
    /// thousand, such as messages.
    pub fn update_silently(&self, change: impl FnOnce(&mut S) + 'static) {
        self.apply(Box::new(change), Render::WithTheNextUpdate);
    }

    /// A handle to a part of the state, for code that does not know the whole.
    pub fn part<P: 'static>(&self, part: fn(&mut S) -> &mut P) -> PartHandle<P> {
        let whole = self.clone();
        PartHandle(Rc::new(move |change, render| whole.apply(Box::new(move |state| change(part(state))), render)))
    }

    fn apply(&self, change: Change<S>, render: Render) {
        let Some(page) = self.0.upgrade() else { return };
        match render {
            Render::Now => page.update(change),
            Render::WithTheNextUpdate => page.update_silently(change),
        }
    }
}

/// A [`Handle`] to a part of a page's state.
pub struct PartHandle<P>(Rc<dyn Fn(Change<P>, Render)>);

impl<P> Clone for PartHandle<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P> PartHandle<P> {
    /// Changes the part and renders the page.
    pub fn update(&self, change: impl FnOnce(&mut P) + 'static) {
        (self.0)(Box::new(change), Render::Now);
    }

    /// Changes the part without rendering, see [`Handle::update_silently`].
    pub fn update_silently(&self, change: impl FnOnce(&mut P) + 'static) {
        (self.0)(Box::new(change), Render::WithTheNextUpdate);
    }
}

struct Inner<S: AppState> {
    /// Borrowed for as long as an update runs.
    state: RefCell<S>,
    views: RefCell<Vec<View<S>>>,
    /// Changes that came while an update was running, oldest first.
    queue: RefCell<VecDeque<Change<S>>>,
}

impl<S: AppState> Inner<S> {
    /// 1. Queue the change, so that changes are applied in the order in which they came.
    /// 2. If the state is borrowed, an update is running further up the call stack. Its loop applies the queue: return.
    /// 3. Otherwise apply all that is queued, then render. Rendering may call back and queue more: repeat until nothing
    ///    is queued.
    fn update(self: &Rc<Self>, change: Change<S>) {
        self.queue.borrow_mut().push_back(change);
        let Ok(mut state) = self.state.try_borrow_mut() else { return };
        while self.apply_queue(&mut state) {
            self.render(&mut state);
        }
    }

    /// 1. If the state is borrowed, queue the change: the running update applies it, and renders it too.
    /// 2. Otherwise apply it.
    /// 3. If `change` called back meanwhile, an [`update`](Self::update) has found the state borrowed by this function
    ///    and left its change in the queue. This function has no loop, so it starts one with an empty change.
    fn update_silently(self: &Rc<Self>, change: Change<S>) {
        match self.state.try_borrow_mut() {
            Ok(mut state) => change(&mut state),
            Err(_) => return self.queue.borrow_mut().push_back(change),
        }
        if !self.queue.borrow().is_empty() {
            self.update(Box::new(|_| {}));
        }
    }

    /// Applies the queued changes and returns whether there were any. The queue is not borrowed while a change runs,
    /// because the change may queue another.
    fn apply_queue(&self, state: &mut S) -> bool {
        let mut any = false;
        loop {
            let Some(change) = self.queue.borrow_mut().pop_front() else { return any };
            change(state);
            any = true;
        }
    }

    fn render(self: &Rc<Self>, state: &mut S) {
        state.before_render();
        let handle = Handle(Rc::downgrade(self));
        for view in &mut *self.views.borrow_mut() {
            view.0.bindings.render(state, &handle);
        }
    }
}
