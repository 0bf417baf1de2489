package resolver

import (
	"testing"
	"time"
)

const second = time.Second

// wantSize fails unless the window has a size near the one given.
func wantSize(t *testing.T, w *window, least, most float64, when string) {
	t.Helper()
	if w.size < least || w.size > most {
		t.Errorf("%s the window is %.1f, want %.0f to %.0f", when, w.size, least, most)
	}
	if w.room(0) != int(w.size) || w.room(int(w.size)+3) != -3 {
		t.Errorf("%s a window of %.1f has room for %d", when, w.size, w.room(0))
	}
}

func TestNewWindow(t *testing.T) {
	for _, c := range []struct{ floor, ceiling, size int }{
		{16, 1000, firstWindow},
		{100, 1000, 100}, // a floor above the first size
		{16, 20, 20},     // a ceiling below it
		{500, 20, 20},    // and below the floor
		{0, 0, 1},        // never shut
	} {
		w := newWindow(c.floor, c.ceiling)
		wantSize(t, &w, float64(c.size), float64(c.size), "at first")
		now := time.Duration(0)
		for range 1000 {
			now += second
			w.failed(now, second)
		}
		floor := float64(max(1, min(c.floor, c.ceiling)))
		wantSize(t, &w, floor, max(floor, float64(c.size)), "after failures alone")
		w.answered(1 << 20)
		wantSize(t, &w, float64(max(1, c.ceiling)), float64(max(1, c.ceiling)), "after answers alone")
	}
}

// Until the first strain each answer opens the window by one, as far as no
// server minds, and further by a constant for each window of them.
func TestWindowOpens(t *testing.T) {
	w := newWindow(16, 2560)
	for range 10 {
		w.answered(20)
	}
	wantSize(t, &w, firstWindow+200, firstWindow+200, "after 200 answers")
	w.answered(firstTurn - firstWindow - 200)
	wantSize(t, &w, firstTurn, firstTurn, "at the turn")
	for range firstTurn {
		w.answered(1)
	}
	wantSize(t, &w, firstTurn+39, firstTurn+40, "a window of answers later")
	w.answered(1 << 20)
	wantSize(t, &w, 2560, 2560, "at the ceiling")
}

// strain fails questions until the window has closed once more.
func strain(t *testing.T, w *window, now time.Duration) {
	t.Helper()
	before := w.size
	for range 1000 {
		if w.failed(now, second); w.size != before {
			return
		}
	}
	t.Fatal("failures alone are no strain")
}

// Strain brings the window back to where it began, once for each time-out, and
// further down to the floor. Answers open it by one each up to half of what it
// was, and then by the same for each window of them.
func TestWindowStrain(t *testing.T) {
	w := newWindow(16, 1024)
	w.answered(1 << 20)
	strain(t, &w, 10*second)
	wantSize(t, &w, firstWindow, firstWindow, "strained")
	for range 1000 {
		w.failed(10*second+second-1, second)
	}
	wantSize(t, &w, firstWindow, firstWindow, "while failures of before come in")
	w.answered(100)
	wantSize(t, &w, firstWindow+100, firstWindow+100, "100 answers later")
	w.answered(512 - firstWindow - 100)
	wantSize(t, &w, 512, 512, "at half of what it was")
	for range 5 { // additive: a window of answers opens by ceiling/256 whatever its size
		before := w.size
		for range int(w.size) {
			w.answered(1)
		}
		wantSize(t, &w, before+3.9, before+4, "a window of answers later")
	}
	for now := 12 * second; w.size > 16; now += second {
		strain(t, &w, now)
	}
	for now := range 100 * second / second {
		w.failed((1000+now)*second, second)
	}
	wantSize(t, &w, 16, 16, "at the floor")
}

// What an upstream always fails is no strain, and more than that is.
func TestWindowBase(t *testing.T) {
	for _, c := range []struct {
		title    string
		always   int // per cent that fail in the long run, from the ceiling down to the floor if need be
		later    int // per cent that fail then
		strained bool
	}{
		{"losses of a network", 1, 1, false},
		{"many dead domains", 5, 5, false},
		{"half of it dead", 50, 50, false},
		{"a little more", 5, 10, false},
		{"a healthy upstream that fails a quarter", 0, 25, true},
		{"one that fails twice as much and more", 5, 40, true},
		{"all of it", 20, 100, true},
	} {
		t.Run(c.title, func(t *testing.T) {
			w := newWindow(16, 1000)
			now := time.Duration(0)
			ask := func(questions, percent int) {
				for i := range questions {
					now += time.Millisecond
					if i*61%100 < percent { // spread evenly
						w.failed(now, second)
					} else {
						w.answered(1)
					}
				}
			}
			ask(100_000, c.always) // base comes to know it
			w.answered(0)
			if w.size < 500 {
				t.Fatalf("the window is %.0f of 1000 with what always fails", w.size)
			}
			before := w.size
			ask(2000, c.later)
			if closed := w.size < before; closed != c.strained {
				t.Errorf("the window went from %.0f to %.0f, recently %.3f, base %.3f", before, w.size, w.recent, w.base)
			}
		})
	}
}
