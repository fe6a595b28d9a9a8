//! Pictures of measurements as SVG, drawn without a display, and where each value stands in them.
//!
//! Dots that are filled were sent. What lies far outside stands at the edge, as a triangle
//! when it was sent and as a cross otherwise, and squeezes nothing.

mod scale;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use serde::Serialize;

use crate::text::Locale;
pub(in crate::view) use scale::{unix, write};

use scale::Scale;

/// One value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dot {
    /// When the reading was taken, or its day.
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

/// What a chart shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    /// The values, oldest first.
    pub dots: Vec<Dot>,
    /// The bright red line, in Unix seconds and the unit of the values; empty where there is none.
    pub line: Vec<(f64, f64)>,
    /// From when to when; from the first dot to the last where it is not said.
    pub period: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// A chart that was drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drawing {
    /// The picture.
    pub svg: String,
    /// The values in it, oldest first.
    pub marks: Vec<Mark>,
    /// How many values lie outside.
    pub outside: usize,
}

/// A value in the picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// From the left, in pixels.
    pub x: i32,
    /// From above, in pixels.
    pub y: i32,
    /// When the reading was taken, or its day.
    pub at: DateTime<Utc>,
    /// The value, with as many decimals as are worth showing.
    pub value: String,
    /// Whether Beeminder has it.
    pub sent: bool,
}

/// What the moving average looks back on.
const AVERAGE: TimeDelta = TimeDelta::days(7);

/// More dots than this cannot be told apart; of more, evenly spread ones are drawn.
const MOST_DOTS: usize = 1500;

struct Palette {
    ink: RGBColor,
    grid: RGBColor,
    dot: RGBColor,
    average: RGBColor,
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
            average: colour((0x8a, 0x88, 0x82), (0x9a, 0x9a, 0xa2)),
            line: colour((0xd1, 0x1a, 0x2a), (0xff, 0x5c, 0x66)),
        }
    }
}

/// Draws `content` as an SVG document. `None` when there is no dot and no line.
///
/// # Errors
/// When it cannot be drawn.
pub fn draw(content: &Content, style: ChartStyle) -> anyhow::Result<Option<Drawing>> {
    let Some(scale) = Scale::of(content) else {
        return Ok(None);
    };
    let mut svg = String::new();
    let marks = {
        let root = SVGBackend::with_string(&mut svg, (style.width, style.height)).into_drawing_area();
        paint(&root, content, &scale, style).context("Failed to draw the chart")?
    };
    let outside = content.dots.iter().filter(|dot| !scale.shows(dot.value)).count();
    Ok(Some(Drawing { svg, marks, outside }))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Axes<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type DrawingResult<T> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

fn paint(root: &Area<'_>, content: &Content, scale: &Scale, style: ChartStyle) -> DrawingResult<Vec<Mark>> {
    let palette = Palette::of(style);
    let mut axes = ChartBuilder::on(root)
        .margin(8)
        .x_label_area_size(28)
        .y_label_area_size(52)
        .build_cartesian_2d(scale.from..scale.until, scale.low..scale.high)?;
    mesh(&mut axes, scale, &palette, style)?;
    let every = content.dots.len().div_ceil(MOST_DOTS).max(1);
    let average = moving_average(&content.dots).into_iter().step_by(every);
    axes.draw_series(LineSeries::new(average, palette.average.stroke_width(1)))?;
    axes.draw_series(LineSeries::new(content.line.iter().copied(), palette.line.stroke_width(3)))?;
    let radius = if content.dots.len() > 200 { 2 } else { 4 };
    let mut marks = Vec::new();
    for dot in content.dots.iter().step_by(every) {
        let place = (unix(dot.at), scale.inside(dot.value));
        let look: ShapeStyle = if dot.sent { palette.dot.filled() } else { palette.dot.stroke_width(1) };
        if scale.shows(dot.value) {
            axes.draw_series([Circle::new(place, radius, look)])?;
        } else if dot.sent {
            axes.draw_series([TriangleMarker::new(place, 6, look)])?;
        } else {
            axes.draw_series([Cross::new(place, 4, palette.dot.stroke_width(2))])?;
        }
        let (x, y) = axes.backend_coord(&place);
        marks.push(Mark { x, y, at: dot.at, value: write(dot.value), sent: dot.sent });
    }
    root.present()?;
    Ok(marks)
}

/// Draws what is behind the values: the grid, the days, the numbers.
fn mesh(axes: &mut Axes<'_, '_>, scale: &Scale, palette: &Palette, style: ChartStyle) -> DrawingResult<()> {
    let far = scale.until - scale.from > 400.0 * 86_400.0;
    let date = |unix: &f64| day(*unix, style.locale, far);
    let number =
        |value: &f64| scale.label(*value).map_or_else(String::new, |text| style.locale.number(&text));
    axes.configure_mesh()
        .disable_x_mesh()
        .x_labels(scale.dates(style.width))
        .y_labels(scale.numbers())
        .x_label_formatter(&date)
        .y_label_formatter(&number)
        .bold_line_style(palette.grid)
        .light_line_style(TRANSPARENT)
        .axis_style(palette.grid)
        .label_style(("sans-serif", 14).into_font().color(&palette.ink))
        .draw()
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

fn day(unix: f64, locale: Locale, far: bool) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "it was made from whole seconds")]
    let moment = DateTime::from_timestamp(unix as i64, 0).unwrap_or_default();
    if far { locale.month(moment) } else { locale.day(moment) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + day * 86_400, 0).unwrap()
    }

    fn content(values: &[f64]) -> Content {
        let dot =
            |(value, day): (&f64, i64)| Dot { at: at(day), value: *value, sent: day % 2 == 0, certain: true };
        Content { dots: values.iter().zip(0..).map(dot).collect(), ..Content::default() }
    }

    const LOCALE: Locale = Locale::new(Language::English, chrono_tz::Europe::Paris);
    const STYLE: ChartStyle = ChartStyle { dark: false, width: 600, height: 240, locale: LOCALE };

    fn drawn(content: &Content) -> Drawing {
        draw(content, STYLE).unwrap().unwrap()
    }

    #[test]
    fn dots_tell_what_was_sent_and_nothing_in_it_is_styled_or_run() {
        let svg = drawn(&content(&[82.4, 82.1, 81.9])).svg;
        assert_eq!(svg.matches("<circle").count(), 3);
        assert_eq!(svg.matches("fill=\"none\" stroke=\"#1F58AB\"").count(), 1, "{svg}");
        for forbidden in ["style", "script", "href", "http://www.w3.org/1999"] {
            assert!(!svg.contains(forbidden), "{forbidden}: the window's policy would not show it");
        }
        let dark = draw(&content(&[82.4, 82.1]), ChartStyle { dark: true, ..STYLE }).unwrap().unwrap().svg;
        assert!(dark.contains("#82B4FF") && !dark.contains("#1F58AB"));
    }

    #[test]
    fn days_and_numbers_are_written_in_the_users_language() {
        let german = ChartStyle { locale: Locale { language: Language::German, ..LOCALE }, ..STYLE };
        for (style, day, number) in [(STYLE, "Nov 19", "82.5"), (german, "19.11.", "82,5")] {
            let svg = draw(&content(&[82.4, 82.1, 81.9, 82.8]), style).unwrap().unwrap().svg;
            assert!(svg.contains(day) && svg.contains(number), "{day} {number}: {svg}");
        }
    }

    #[test]
    fn none_one_equal_and_very_many_can_be_drawn() {
        assert_eq!(draw(&content(&[]), STYLE).unwrap(), None);
        assert_eq!(drawn(&content(&[82.4])).marks.len(), 1);
        assert_eq!(drawn(&content(&[82.4; 30])).marks.len(), 30);
        let many = drawn(&content(&vec![82.4; 100_000]));
        assert!(many.marks.len() <= MOST_DOTS && many.svg.matches("<circle").count() <= MOST_DOTS);
    }

    #[test]
    fn the_bright_red_line_is_in_the_picture_also_without_a_value() {
        let line = vec![(unix(at(0)), 90.0), (unix(at(9)), 80.0)];
        let period = Some((at(0), at(9)));
        let alone = drawn(&Content { line: line.clone(), period, dots: Vec::new() });
        assert!(alone.svg.contains("#D11A2A") && alone.marks.is_empty(), "{}", alone.svg);
        let both = drawn(&Content { line, period, ..content(&[82.4, 82.1]) });
        assert!(both.svg.contains("#D11A2A") && both.marks.len() == 2);
    }

    #[test]
    fn a_strangers_weight_stands_at_the_edge() {
        let mut values = vec![82.4, 82.1, 81.9, 82.8, 82.0, 82.2, 82.6, 81.8, 82.5];
        let plain = drawn(&content(&values));
        values.push(30.0);
        let with = drawn(&content(&values));
        assert_eq!((plain.outside, with.outside), (0, 1));
        let lowest = with.marks.iter().map(|mark| mark.y).max().unwrap();
        assert_eq!(with.marks.last().map(|mark| (mark.y, mark.value.as_str())), Some((lowest, "30")));
        let spread = |drawing: &Drawing| {
            let ys = drawing.marks[..9].iter().map(|mark| mark.y);
            ys.clone().max().unwrap() - ys.min().unwrap()
        };
        assert!(spread(&with) * 10 > spread(&plain) * 9, "{} {}", spread(&with), spread(&plain));
    }

    #[test]
    fn the_average_looks_a_week_back() {
        let average = moving_average(&content(&[1.0, 3.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 12.0]).dots);
        assert_eq!(average[1].1, 2.0);
        assert_eq!(average[8].1, (3.0 + 5.0 + 5.0 + 12.0) / 8.0);
    }
}
