package main

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sights are how people see colours: as most do, and without one of the three
// cones (Machado, Oliveira and Fernandes 2009, at full severity), in linear RGB.
var sights = map[string][3][3]float64{
	"all cones":    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

// linear reads #rrggbb.
func linear(t *testing.T, colour string) (rgb [3]float64) {
	t.Helper()
	for i := range rgb {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		if rgb[i] = float64(n) / 255 / 12.92; n > 10 {
			rgb[i] = math.Pow((float64(n)/255+0.055)/1.055, 2.4)
		}
	}
	return rgb
}

// luminance is that of WCAG 2.
func luminance(rgb [3]float64) float64 { return 0.2126*rgb[0] + 0.7152*rgb[1] + 0.0722*rgb[2] }

// lab is CIE L*a*b* of what is seen.
func lab(rgb [3]float64, sight [3][3]float64) [3]float64 {
	var seen [3]float64
	for i, row := range sight {
		for k, weight := range row {
			seen[i] += weight * rgb[k]
		}
		seen[i] = min(1, max(0, seen[i]))
	}
	f := func(x float64) float64 {
		if x > 0.008856 {
			return math.Cbrt(x)
		}
		return 7.787*x + 16.0/116
	}
	x := f((0.4124*seen[0] + 0.3576*seen[1] + 0.1805*seen[2]) / 0.9505)
	y := f(luminance(seen))
	z := f((0.0193*seen[0] + 0.1192*seen[1] + 0.9505*seen[2]) / 1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// A palette is the colours of a page by name: in light, dark or print.
type palette map[string]string

// palettes reads them from the style of the page.
func palettes(t *testing.T) []palette {
	t.Helper()
	var found []palette
	for _, root := range regexp.MustCompile(`:root \{[^}]*`).FindAllString(pageCSS, -1) {
		p := make(palette)
		for _, colour := range regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(root, -1) {
			p[colour[1]] = colour[2]
		}
		found = append(found, p)
	}
	if len(found) != 3 {
		t.Fatalf("%d palettes, want those of light, dark and print", len(found))
	}
	return found
}

// contrast is the ratio of WCAG 2.
func (p palette) contrast(t *testing.T, front, back string) float64 {
	t.Helper()
	if p[front] == "" || p[back] == "" {
		t.Fatalf("no colour %s, or none %s", front, back)
	}
	a, b := luminance(linear(t, p[front])), luminance(linear(t, p[back]))
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// chartColours are the names of the colours that stand beside each other in charts.
func chartColours() []string {
	return []string{"plain", "good", "bad", "warn", "unknown", "other", "third"}
}

// The colours of charts can be told apart by everybody, and stand out from the page.
func TestColours(t *testing.T) {
	const least, contrast = 14, 3 // a difference that small marks show, and WCAG 1.4.11
	for _, p := range palettes(t) {
		for k, one := range chartColours() {
			if ratio := p.contrast(t, one, "page"); ratio < contrast {
				t.Errorf("%s, %s on %s: contrast %.1f", one, p[one], p["page"], ratio)
			}
			for _, other := range chartColours()[:k] {
				for name, sight := range sights {
					a, b := lab(linear(t, p[one]), sight), lab(linear(t, p[other]), sight)
					if d := math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2]); d < least {
						t.Errorf("%s: %s and %s differ by %.1f", name, p[one], p[other], d)
					}
				}
			}
		}
	}
}

// Text can be read wherever it stands (WCAG 1.4.3).
func TestTextContrast(t *testing.T) {
	const contrast = 4.5
	for i, p := range palettes(t) {
		for _, front := range []string{"text", "quiet", "link", "good-text", "bad-text", "warn-text"} {
			for _, back := range []string{"page", "panel"} {
				if ratio := p.contrast(t, front, back); ratio < contrast {
					t.Errorf("palette %d: %s on %s: contrast %.1f", i, front, back, ratio)
				}
			}
		}
		if ratio := p.contrast(t, "text", "note"); ratio < contrast {
			t.Errorf("palette %d: text of warnings: contrast %.1f", i, ratio)
		}
	}
}

// What is good is green and what is bad is red, in all palettes; each colour that a
// chart names is one of them, and each word of a chart has a meaning.
func TestColoursOfMeanings(t *testing.T) {
	meanings, err := meaningOfWords()
	if err != nil {
		t.Fatal(err)
	}
	for word, meaning := range map[string]string{
		"enforce_ok": "good", "valid policy": "good", "enforce": "good", "broken": "bad", "enforce_refused": "bad", "regression": "bad",
		"not allowed": "bad", "unknown": "unknown", "testing": "warn", "other change": "plain",
	} {
		if meanings[word] != meaning {
			t.Errorf("%s is %s, want %s", word, meanings[word], meaning)
		}
	}
	for i, p := range palettes(t) {
		for name, strongest := range map[string]int{"good": 1, "good-text": 1, "bad": 0, "bad-text": 0} {
			rgb := linear(t, p[name])
			for k, part := range rgb {
				if k != strongest && part >= rgb[strongest] {
					t.Errorf("palette %d: %s is %s", i, name, p[name])
				}
			}
		}
		for word, meaning := range meanings {
			if !slices.Contains(chartColours(), meaning) {
				t.Errorf("%s: no colour is named %s", word, meaning)
			}
		}
	}
	named := regexp.MustCompile(`var\(--([a-z0-9-]+)\)`)
	names, err := Charts()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := chartFiles.ReadFile("charts/" + name + ".vl.json")
		var spec map[string]any
		if err = errors.Join(err, json.Unmarshal(text, &spec)); err != nil {
			t.Fatal(err)
		}
		if err := colour(spec, new(Table), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, colour := range named.FindAllStringSubmatch(string(text), -1) {
			if palettes(t)[0][colour[1]] == "" {
				t.Errorf("%s: no colour %s", name, colour[0])
			}
		}
	}
}

// Lines whose words have one meaning differ in their dashes, and those that name no
// words take neutral colours.
func TestColoursOfLines(t *testing.T) {
	table := &Table{Columns: []Column{{"tld", KindText}}, Rows: [][]any{{"com"}, {"net"}, {"com"}, {"org"}, {"de"}}}
	rows := []int{0, 1, 2, 3, 4}
	for _, test := range []struct{ name, mark, color, want string }{
		{"one meaning", "line", `{"field": "v", "scale": {"domain": ["broken", "enforce_ok", "enforce_refused"]}}`,
			`{"color":{"field":"v","scale":{"domain":["broken","enforce_ok","enforce_refused"],` +
				`"range":["var(--bad)","var(--good)","var(--bad)"]}},` +
				`"strokeDash":{"field":"v","scale":{"domain":["broken","enforce_ok","enforce_refused"],"range":[[1,0],[1,0],[6,3]]}}}`},
		{"meanings of their own", "line", `{"field": "v", "scale": {"domain": ["broken", "enforce_ok"]}}`,
			`{"color":{"field":"v","scale":{"domain":["broken","enforce_ok"],"range":["var(--bad)","var(--good)"]}}}`},
		{"bars", "bar", `{"field": "v", "scale": {"domain": ["broken", "enforce_refused"]}}`,
			`{"color":{"field":"v","scale":{"domain":["broken","enforce_refused"],"range":["var(--bad)","var(--bad)"]}}}`},
		{"words of the rows", "line", `{"field": "tld"}`,
			`{"color":{"field":"tld","scale":{"domain":["com","net","org","de"],` +
				`"range":["var(--plain)","var(--other)","var(--third)","var(--plain)"]}},` +
				`"strokeDash":{"field":"tld","scale":{"domain":["com","net","org","de"],"range":[[1,0],[1,0],[1,0],[6,3]]}}}`},
		{"colours that are given", "line", `{"field": "v", "scale": {"domain": ["rain"], "range": ["var(--s1)"]}}`,
			`{"color":{"field":"v","scale":{"domain":["rain"],"range":["var(--s1)"]}}}`},
	} {
		var spec map[string]any
		text := `{"mark": {"type": "` + test.mark + `"}, "encoding": {"color": ` + test.color + `}}`
		if err := json.Unmarshal([]byte(text), &spec); err != nil {
			t.Fatal(err)
		}
		err := colour(spec, table, rows)
		got, _ := json.Marshal(spec["encoding"])
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, err, got, test.want)
		}
	}
	var spec map[string]any
	if err := json.Unmarshal([]byte(`{"encoding": {"color": {"scale": {"domain": ["rain"]}}}}`), &spec); err != nil {
		t.Fatal(err)
	}
	if err := colour(spec, table, rows); err == nil || !strings.Contains(err.Error(), `"rain"`) {
		t.Errorf("a word without a meaning: %v", err)
	}
}
