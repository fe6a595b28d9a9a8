//! Pictures of measurements as SVG, drawn without a display. Dots that are filled were sent; the line is a
//! moving average.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use plotters::prelude::*;

use crate::text::Locale;

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dot {
    /// When the reading was taken.
    pub at: DateTime<Utc>,
    /// Its value in the unit shown.
    pub value: f64,
    /// Whether Beeminder has it, or its part in a day's value.
    pub sent: bool,
    /// Whether it is surely the user's; the average leaves out what is not.
    pub certain: bool,
}

/// How a chart looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChartStyle {
    /// Light letters on a dark ground.
    pub dark: bool,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How days and numbers are written, and by whose clock.
    pub locale: Locale,
}

/// What the moving average looks back on.
const AVERAGE: TimeDelta = TimeDelta::days(7);

/// More dots than this cannot be told apart; of more, evenly spread ones are drawn.
const MOST_DOTS: usize = 1500;

struct Palette {
    ink: RGBColor,
    grid: RGBColor,
    dot: RGBColor,
    line: RGBColor,
}

impl Palette {
    fn of(style: ChartStyle) -> Palette {
        let colour = |light: (u8, u8, u8), dark: (u8, u8, u8)| {
            let (r, g, b) = if style.dark { dark } else { light };
            RGBColor(r, g, b)
        };
        Palette {
            ink: colour((0x5a, 0x5a, 0x57), (0xae, 0xae, 0xb2)),
            grid: colour((0xe2, 0xe0, 0xda), (0x3a, 0x3d, 0x42)),
            dot: colour((0x1f, 0x58, 0xab), (0x82, 0xb4, 0xff)),
            line: colour((0xa3, 0x3c, 0x00), (0xff, 0xa2, 0x66)),
        }
    }
}

/// Draws `dots`, oldest first, as an SVG document. `None` when there are none.
///
/// # Errors
/// When it cannot be drawn.
pub fn svg(dots: &[Dot], style: ChartStyle) -> anyhow::Result<Option<String>> {
    let (Some(first), Some(last)) = (dots.first(), dots.last()) else {
        return Ok(None);
    };
    let mut svg = String::new();
    let days = span(first.at, last.at);
    let values = range(dots);
    draw(&mut svg, dots, style, days, values).context("Failed to draw the chart")?;
    Ok(Some(svg))
}

fn draw(
    svg: &mut String,
    dots: &[Dot],
    style: ChartStyle,
    days: (f64, f64),
    values: (f64, f64),
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let palette = Palette::of(style);
    let root = SVGBackend::with_string(svg, (style.width, style.height)).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin(8)
        .x_label_area_size(26)
        .y_label_area_size(46)
        .build_cartesian_2d(days.0..days.1, values.0..values.1)?;
    let letters = ("sans-serif", 13).into_font().color(&palette.ink);
    let far = days.1 - days.0 > 400.0 * 86_400.0;
    let date = |unix: &f64| day(*unix, style.locale, far);
    let number = |value: &f64| style.locale.number(format!("{value:.1}").trim_end_matches(".0"));
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(labels(style.width, days))
        .y_labels(5)
        .x_label_formatter(&date)
        .y_label_formatter(&number)
        .bold_line_style(palette.grid)
        .light_line_style(TRANSPARENT)
        .axis_style(palette.grid)
        .label_style(letters)
        .draw()?;
    let every = dots.len().div_ceil(MOST_DOTS).max(1);
    for dot in dots.iter().step_by(every) {
        let style: ShapeStyle = if dot.sent { palette.dot.filled() } else { palette.dot.stroke_width(1) };
        let radius = if dots.len() > 200 { 2 } else { 4 };
        chart.draw_series([Circle::new((unix(dot.at), dot.value), radius, style)])?;
    }
    let average = moving_average(dots).into_iter().step_by(every);
    chart.draw_series(LineSeries::new(average, palette.line.stroke_width(2)))?;
    root.present()
}

/// The mean of the week before each dot, at the dot's moment.
fn moving_average(dots: &[Dot]) -> Vec<(f64, f64)> {
    let dots: Vec<_> = dots.iter().filter(|dot| dot.certain).collect();
    let (mut first, mut sum) = (0, 0.0);
    let mut average = Vec::with_capacity(dots.len());
    for (index, dot) in dots.iter().enumerate() {
        sum += dot.value;
        while dot.at - dots[first].at > AVERAGE {
            sum -= dots[first].value;
            first += 1;
        }
        #[expect(clippy::cast_precision_loss, reason = "a week has few measurements")]
        let count = (index - first + 1) as f64;
        average.push((unix(dot.at), sum / count));
    }
    average
}

/// As many dates as there is room for, and no date twice.
fn labels(width: u32, (from, until): (f64, f64)) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand at most")]
    let days = ((until - from) / 86_400.0) as usize;
    (width as usize / 110).min(days).max(2)
}

/// The moments shown; a single one gets a day around it.
fn span(first: DateTime<Utc>, last: DateTime<Utc>) -> (f64, f64) {
    let (from, until) = (unix(first), unix(last));
    let air = ((until - from) * 0.02).max(43_200.0);
    (from - air, until + air)
}

/// The values shown, with some air; never empty.
fn range(dots: &[Dot]) -> (f64, f64) {
    let low = dots.iter().map(|dot| dot.value).fold(f64::INFINITY, f64::min);
    let high = dots.iter().map(|dot| dot.value).fold(f64::NEG_INFINITY, f64::max);
    let air = ((high - low) * 0.1).max(high.abs() * 0.005).max(0.5);
    (low - air, high + air)
}

#[expect(clippy::cast_precision_loss, reason = "Unix timestamps fit in the 53 bits of an f64")]
fn unix(moment: DateTime<Utc>) -> f64 {
    moment.timestamp() as f64
}

fn day(unix: f64, locale: Locale, far: bool) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "it was made from whole seconds")]
    let moment = DateTime::from_timestamp(unix as i64, 0).unwrap_or_default();
    if far { locale.month(moment) } else { locale.day(moment) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    fn dots(values: &[f64]) -> Vec<Dot> {
        let at = |day: i64| DateTime::from_timestamp(1_795_000_000 + day * 86_400, 0).unwrap();
        values
            .iter()
            .zip(0..)
            .map(|(value, day)| Dot { at: at(day), value: *value, sent: day % 2 == 0, certain: true })
            .collect()
    }

    const LOCALE: Locale = Locale { language: Language::English, zone: chrono_tz::Europe::Paris };
    const STYLE: ChartStyle = ChartStyle { dark: false, width: 600, height: 240, locale: LOCALE };

    #[test]
    fn dots_tell_what_was_sent_and_nothing_in_it_is_styled_or_run() {
        let svg_text = svg(&dots(&[82.4, 82.1, 81.9]), STYLE).unwrap().unwrap();
        assert_eq!(svg_text.matches("<circle").count(), 3);
        assert_eq!(svg_text.matches("fill=\"none\" stroke=\"#1F58AB\"").count(), 1, "{svg_text}");
        for forbidden in ["style", "script", "href", "http://www.w3.org/1999"] {
            assert!(!svg_text.contains(forbidden), "{forbidden}: the window's policy would not show it");
        }
        let dark = svg(&dots(&[82.4, 82.1]), ChartStyle { dark: true, ..STYLE }).unwrap().unwrap();
        assert!(dark.contains("#82B4FF") && !dark.contains("#1F58AB"));
    }

    #[test]
    fn days_and_numbers_are_written_in_the_users_language() {
        let german = ChartStyle { locale: Locale { language: Language::German, ..LOCALE }, ..STYLE };
        for (style, day, number) in [(STYLE, "Nov 19", "82.5"), (german, "19.11.", "82,5")] {
            let drawn = svg(&dots(&[82.4, 82.1, 81.9, 82.8]), style).unwrap().unwrap();
            assert!(drawn.contains(day) && drawn.contains(number), "{day} {number}: {drawn}");
        }
    }

    #[test]
    fn none_one_equal_and_very_many_can_be_drawn() {
        assert_eq!(svg(&[], STYLE).unwrap(), None);
        assert!(svg(&dots(&[82.4]), STYLE).unwrap().is_some());
        assert!(svg(&dots(&[82.4; 30]), STYLE).unwrap().is_some());
        let many = svg(&dots(&vec![82.4; 100_000]), STYLE).unwrap().unwrap();
        assert!(many.matches("<circle").count() <= MOST_DOTS);
    }

    #[test]
    fn the_average_looks_a_week_back() {
        let average = moving_average(&dots(&[1.0, 3.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 12.0]));
        assert_eq!(average[1].1, 2.0);
        assert_eq!(average[8].1, (3.0 + 5.0 + 5.0 + 12.0) / 8.0);
    }
}
