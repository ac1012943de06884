//! What every Prometheus client tells of its process, under the names all of them use.

use std::fmt::Write;

use rustix::param::page_size;
use rustix::time::{ClockId, clock_gettime};

/// Adds the process's processor time and memory to a document, before its end mark.
pub fn append(text: &mut String) {
    text.truncate(text.trim_end().trim_end_matches("# EOF").len());
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "# HELP process_cpu_seconds User and system time of the process.\n# TYPE process_cpu_seconds counter\n\
         process_cpu_seconds_total {seconds}\n"
    );
    if let Some(bytes) = resident_bytes() {
        let _ = write!(
            text,
            "# HELP process_resident_memory_bytes Memory of the process that is in RAM.\n\
             # TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {bytes}\n"
        );
    }
    text.push_str("# EOF\n");
}

/// `None` where there is no `/proc`.
fn resident_bytes() -> Option<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * page_size() as u64)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_end_mark_stays_the_end() {
        let mut text = "a_total 1\n# EOF\n".to_owned();
        super::append(&mut text);
        assert!(text.starts_with("a_total 1\n# HELP process_cpu_seconds "), "{text}");
        assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1);
        let seconds = text.lines().find_map(|line| line.strip_prefix("process_cpu_seconds_total "));
        assert!(seconds.unwrap().parse::<f64>().unwrap() > 0.0);
    }
}
