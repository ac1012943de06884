//! How bodies are read and answers built, whatever is asked.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Serialize;

use super::error;
use crate::access::Caller;
use crate::citizens::{Answer, respond};
use crate::clients::Operation;
use crate::http::{Arrival, Json, Problem, release};
use crate::kernel::Faults;
use crate::stays::formats::Format;
use crate::stays::service::{Stays, StaysError};

/// What a body means; a token that does not cover the operation is told before its faults.
pub async fn read<R, T>(
    stays: &Stays,
    caller: &Caller,
    (operation, name): (Operation, &'static str),
    (body, read): (Json<R>, impl FnOnce(R, &mut Faults) -> Option<T>),
) -> Result<T, Problem> {
    match body.read(read) {
        Ok(read) => Ok(read),
        Err(faults) => {
            stays.citizens().require(caller, operation, name).await?;
            Err(faults)
        }
    }
}

/// A recorded answer; a negative one leaves at its time.
pub async fn answer<T: Serialize>(
    answered: Result<Answer<T>, StaysError>,
    arrival: &Arrival,
) -> Result<HttpResponse, Problem> {
    match answered {
        Ok(answer) => {
            if answer.negative {
                release::negative(arrival).await;
            }
            Ok(respond(&answer))
        }
        Err(refusal) => Err(error::problem(refusal, arrival).await),
    }
}

/// A file to be saved as `name` with the ending of its format.
pub fn file(format: Format, name: &str, bytes: Vec<u8>) -> HttpResponse {
    let name = format!("attachment; filename=\"{name}.{}\"", format.extension());
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.media_type()))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(bytes)
}
