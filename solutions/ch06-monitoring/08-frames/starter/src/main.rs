//! The framer of Ferris Prints: lays a frame round a photo. Frames are kept for the photos that follow.

mod frames;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use crate::frames::Frame;

#[derive(Deserialize)]
struct Job {
    photo: String,
    /// The frame's address, signed for the next five minutes.
    frame: String,
}

#[derive(Serialize)]
struct Framed {
    photo: String,
    picture: u64,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let wall = Wall::default();
    run(service_fn(|event: LambdaEvent<Job>| async { wall.hang(event.payload) })).await
}

/// The frames that have been fetched.
#[derive(Default)]
struct Wall {
    frames: Mutex<HashMap<String, Frame>>,
}

impl Wall {
    fn hang(&self, job: Job) -> Result<Framed, Diagnostic> {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if !frames.contains_key(&job.frame) {
            let frame = Frame::fetch(&job.frame).map_err(no_frame)?;
            frames.insert(job.frame.clone(), frame);
        }
        println!("{} frames on the wall", frames.len());
        let picture = frames[&job.frame].round(&job.photo);
        Ok(Framed { photo: job.photo, picture })
    }
}

fn no_frame(error_message: String) -> Diagnostic {
    Diagnostic { error_type: "NoFrame".to_owned(), error_message }
}
