//! What a page may have done, each behind the token: a check and its end, hint, solution, reset, progress, the editor.
//! Names are looked up in the catalogue, arguments are fixed, answers are JSON: what the command line said, or
//! `{"error": words}`.

use std::io::{self, Read};
use std::sync::Arc;

use serde_json::{Value, json};

use super::checks::Asked;
use super::editor;
use super::guard;
use super::http::{Body, Request, Response, Status};
use super::live::Live;
use super::token::Token;
use super::tool::Tool;
use crate::text::percent_decode;

pub(super) const PREFIX: &str = "/-/api/";

/// Progress of a whole course is a tenth of it.
const LONGEST_IMPORT: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Api {
    pub(super) tool: Tool,
    pub(super) token: Arc<Token>,
    pub(super) live: Arc<Live>,
}

#[derive(Debug)]
pub(super) enum Answer {
    Once(Response),
    /// From now on, everything that happens.
    Events,
}

impl Api {
    /// Answers a request below [`PREFIX`]; `stream` may have the rest of its body.
    pub(super) fn answer(&self, request: &Request, stream: &mut impl Read) -> io::Result<Answer> {
        let action = request.path().strip_prefix(PREFIX).unwrap_or_default();
        let method = request.method.as_str();
        let expected = if matches!(action, "events" | "export") { "GET" } else { "POST" };
        if method != expected {
            let mut response = Response::text(Status::MethodNotAllowed, &format!("use {expected}"));
            response.extra.push(("Allow", expected.to_owned()));
            return Ok(Answer::Once(response));
        }
        if action == "token" {
            return Ok(Answer::Once(self.redeem(request)));
        }
        if let Some(refusal) = guard::refusal_to_act(request, &self.token) {
            return Ok(Answer::Once(refusal));
        }
        Ok(Answer::Once(match action {
            "events" => return Ok(Answer::Events),
            "export" => self.export(),
            "import" => self.import(request, stream)?,
            _ => match action.split_once('/') {
                Some((verb, name)) => self.act(verb, &percent_decode(name), request),
                None => nowhere(),
            },
        }))
    }

    /// The ticket of the browser that we opened, for the token.
    fn redeem(&self, request: &Request) -> Response {
        match guard::bearer(request).and_then(|ticket| self.token.redeem(ticket)) {
            Some(token) if request.header("origin").count() == 1 => {
                Response::json(Status::Ok, &json!({ "token": token }))
            }
            _ => Response::text(Status::Unauthorized, "the ticket was used already, or is too old"),
        }
    }

    fn act(&self, verb: &str, name: &str, request: &Request) -> Response {
        let catalogue = self.live.catalogue();
        if matches!(verb, "check" | "cancel") {
            let Some(target) = catalogue.target(name) else { return unknown() };
            return if verb == "check" { self.check(target) } else { self.cancel(target) };
        }
        let Some((name, files)) = catalogue.exercise(name) else { return unknown() };
        match verb {
            "hint" => match request.parameter("number").map(str::parse::<u32>) {
                None => self.ask(&["hint", name, "--format", "json"]),
                Some(Ok(number)) => self.ask(&["hint", name, &number.to_string(), "--format", "json"]),
                Some(Err(_)) => Response::text(Status::BadRequest, "a hint's number is a number"),
            },
            "solution" => self.ask(&["solution", name, "--format", "json"]),
            "give-up" => self.ask(&["solution", name, "--give-up", "--format", "json"]),
            "reset" | "undo" => {
                self.live.forget_check(name);
                match verb {
                    "reset" => self.ask(&["reset", name, "--format", "json"]),
                    _ => self.ask(&["reset", name, "--undo", "--format", "json"]),
                }
            }
            "open" => {
                let line = request.parameter("line").and_then(|line| line.parse().ok());
                let file = if request.parameter("file") == Some("check") { &files.check } else { &files.main };
                match editor::open(&self.tool.root, file, line) {
                    Ok(words) => Response::json(Status::Ok, &json!({ "words": words })),
                    Err(words) => error(Status::Conflict, &words),
                }
            }
            _ => nowhere(),
        }
    }

    fn check(&self, target: &str) -> Response {
        match self.live.ask_for_check(target) {
            Asked::Queued => Response::json(Status::Accepted, &json!({ "asked": "queued" })),
            Asked::Already => Response::json(Status::Accepted, &json!({ "asked": "already" })),
            Asked::TooMany => error(Status::Conflict, "too many checks are waiting; let one end, or cancel it"),
        }
    }

    fn cancel(&self, target: &str) -> Response {
        Response::json(Status::Ok, &json!({ "cancelled": self.live.cancel_check(target) }))
    }

    fn ask(&self, arguments: &[&str]) -> Response {
        match self.tool.ask(arguments) {
            Ok(document) => Response::json(Status::Ok, &document),
            Err(words) => error(Status::ToolFailed, &format!("{words:#}")),
        }
    }

    fn export(&self) -> Response {
        match self.tool.run(&["progress"], None) {
            Ok(said) if said.code == Some(0) => Response::new(Status::Ok, "text/plain; charset=utf-8", said.out),
            Ok(said) => error(Status::ToolFailed, &said.words()),
            Err(words) => error(Status::ToolFailed, &format!("{words:#}")),
        }
    }

    fn import(&self, request: &Request, stream: &mut impl Read) -> io::Result<Response> {
        let body = match request.body(stream, LONGEST_IMPORT)? {
            Body::Whole(body) => body,
            Body::TooLong => return Ok(error(Status::ContentTooLarge, "the file is too long to be progress")),
            Body::Unclear => return Ok(error(Status::BadRequest, "the file did not arrive whole")),
        };
        Ok(match self.tool.run(&["progress", "--import", "-"], Some(&body)) {
            Ok(said) if said.code == Some(0) => Response::json(Status::Ok, &json!({ "words": said.out.trim() })),
            Ok(said) => error(Status::Conflict, &said.words()),
            Err(words) => error(Status::ToolFailed, &format!("{words:#}")),
        })
    }
}

fn error(status: Status, words: &str) -> Response {
    Response::json(status, &json!({ "error": Value::from(words) }))
}

fn unknown() -> Response {
    error(Status::NotFound, "the catalogue has no exercise of that name")
}

fn nowhere() -> Response {
    error(Status::NotFound, "there is no such thing to ask for")
}
