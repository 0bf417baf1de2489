package main

import (
	"math"
	"regexp"
	"strconv"
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

// The colours of charts can be told apart by everybody, and stand out from the page.
func TestColours(t *testing.T) {
	pages := regexp.MustCompile(`--page: (#[0-9a-f]{6})`).FindAllStringSubmatch(pageCSS, -1)
	found := regexp.MustCompile(`--c[1-7]: (#[0-9a-f]{6})`).FindAllStringSubmatch(pageCSS, -1)
	if len(pages) != 3 || len(found) != 3*7 { // light, dark and print
		t.Fatalf("%d pages, %d colours", len(pages), len(found))
	}
	const least, contrast = 14, 3 // a difference that small marks show, and WCAG 1.4.11
	for i, page := range pages {
		back := luminance(linear(t, page[1]))
		set := found[7*i : 7*i+7]
		for k, one := range set {
			front := luminance(linear(t, one[1]))
			if ratio := (max(front, back) + 0.05) / (min(front, back) + 0.05); ratio < contrast {
				t.Errorf("%s on %s: contrast %.1f", one[1], page[1], ratio)
			}
			for _, other := range set[:k] {
				for name, sight := range sights {
					a, b := lab(linear(t, one[1]), sight), lab(linear(t, other[1]), sight)
					if d := math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2]); d < least {
						t.Errorf("%s: %s and %s differ by %.1f", name, one[1], other[1], d)
					}
				}
			}
		}
	}
}
