//! The browser's next frame. It never asks for more than one at a time.

use gloo_utils::window;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

/// What is to be done in a frame. Dropped, it is not done any more.
pub(crate) struct Frame {
    draw: Closure<dyn FnMut()>,
    /// What the browser calls the frame that it was asked for.
    asked: Option<i32>,
}

impl Frame {
    /// Does nothing before it is asked for.
    pub(crate) fn new(draw: impl FnMut() + 'static) -> Self {
        Self { draw: Closure::new(draw), asked: None }
    }

    /// Has it done in the next frame.
    pub(crate) fn ask(&mut self) {
        if self.asked.is_none() {
            // It fails only for what is no function.
            self.asked = window().request_animation_frame(self.draw.as_ref().unchecked_ref()).ok();
        }
    }

    /// It is being done: the next one is to be asked for anew.
    pub(crate) fn come(&mut self) {
        self.asked = None;
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        if let Some(asked) = self.asked {
            // It knows no failure.
            let _ = window().cancel_animation_frame(asked);
        }
    }
}
