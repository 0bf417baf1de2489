package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Speed is a rate of domains as people read it; empty if it is 0.
func Speed(perSecond float64) string {
	switch {
	case perSecond <= 0:
		return ""
	case perSecond < 1:
		return fmt.Sprintf("%.0f domains/min", max(60*perSecond, 1))
	}
	return Number(int64(perSecond+0.5)) + " domains/s"
}

// Number is a number with a comma before each three digits.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	first := len(digits) % 3
	if n < 0 {
		first = 1 + (len(digits)-1)%3
	}
	text := digits[:first]
	for i := first; i < len(digits); i += 3 {
		if text != "" && text != "-" {
			text += ","
		}
		text += digits[i : i+3]
	}
	return text
}

// Octets is a number of octets, as in 1.5 MB or 20 kB.
func Octets(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value := float64(n)
	for _, unit := range []string{"kB", "MB", "GB"} {
		if value /= 1000; value < 999.5 {
			return strings.TrimSuffix(fmt.Sprintf("%.3g", value), ".0") + " " + unit
		}
	}
	return fmt.Sprintf("%.1f TB", value/1000)
}

// Left says how much time is left; empty if that is not known. Seconds of a longer time are rounded up to ten, since
// no rate is so even.
func Left(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	if d > time.Minute {
		d = (d + 10*time.Second - 1).Truncate(10 * time.Second)
	}
	return Duration(d) + " left"
}

// Duration is a time in words, rounded up: 40 s, 4 min 10 s, 2 h 5 min.
func Duration(d time.Duration) string {
	unit := time.Second
	if d > time.Hour {
		unit = time.Minute
	}
	s := int64(max(d+unit-1, 0)/unit) * int64(unit/time.Second)
	parts := []struct {
		n    int64
		unit string
	}{{s / 3600, "h"}, {s / 60 % 60, "min"}, {s % 60, "s"}}
	var texts []string
	for _, p := range parts {
		if p.n > 0 && len(texts) < 2 {
			texts = append(texts, fmt.Sprintf("%d %s", p.n, p.unit))
		}
	}
	if len(texts) == 0 {
		return "0 s"
	}
	return strings.Join(texts, " ")
}

// Clock is a time to come as a clock shows it where now is, with the date unless that is today. A part of a second
// counts as one.
func Clock(t, now time.Time) string {
	t = t.Add(time.Second - 1).In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}
