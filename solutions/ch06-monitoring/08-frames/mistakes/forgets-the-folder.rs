//! caught-by: lays_the_right_frame_round_the_right_photo
//!
//! Knows a frame by the name of its file: the wide one and the narrow one are the same to it.
#![allow(unused)]

#[path = "../src/frames.rs"]
mod frames;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

use crate::frames::Frame;

/// How many frames are kept: with six megabytes each, a third of the function's memory.
const KEPT: usize = 8;

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

/// The frames that have been fetched, each with its path; the one that was used last stands at the end.
#[derive(Default)]
struct Wall {
    frames: Mutex<VecDeque<(String, Frame)>>,
}

impl Wall {
    fn hang(&self, job: Job) -> Result<Framed, Diagnostic> {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        // The signature says for how long the address is good, not which frame it is.
        let path = job.frame.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let kept = frames.iter().position(|(known, _)| known == path).and_then(|place| frames.remove(place));
        let frame = match kept {
            Some((_, frame)) => frame,
            None => {
                let frame = Frame::fetch(&job.frame).map_err(no_frame)?;
                // Only now: what cannot be fetched takes nobody's place.
                if frames.len() == KEPT {
                    frames.pop_front();
                }
                frame
            }
        };
        let picture = frame.round(&job.photo);
        frames.push_back((path.to_owned(), frame));
        println!("{} frames on the wall", frames.len());
        Ok(Framed { photo: job.photo, picture })
    }
}

fn no_frame(error_message: String) -> Diagnostic {
    Diagnostic { error_type: "NoFrame".to_owned(), error_message }
}
