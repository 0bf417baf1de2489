package terminal

import (
	"strings"
	"testing"
)

// What there is no room for is left out, the least important first.
func TestLineText(t *testing.T) {
	pass := Line{Done: 9240, Total: 16_249, Texts: []Text{
		{Long: "9,240/16,249", Rank: 2}, {Long: "402 domains/s", Rank: 3},
		{Long: "18 s left in this pass", Short: "18 s left", Rank: 1}, {Long: "", Rank: 5},
		{Long: "records 340", Rank: 6}, {Long: "to ask again 13", Rank: 7},
	}}
	stage := Line{Texts: []Text{{Long: "reading the lists", Rank: 1}, {Long: "7 entries", Rank: 2}}}
	for _, tt := range []struct {
		line    Line
		columns int
		want    string
	}{
		{pass, 200, "56% [==========>.........] 9,240/16,249, 402 domains/s, 18 s left in this pass, records 340, to ask again 13"},
		{pass, 100, "56% [===>....] 9,240/16,249, 402 domains/s, 18 s left in this pass, records 340, to ask again 13"},
		{pass, 79, "56% [===>....] 9,240/16,249, 402 domains/s, 18 s left in this pass"},
		{pass, 60, "56% 9,240/16,249, 402 domains/s, 18 s left in this pass"},
		{pass, 39, "56% 9,240/16,249, 18 s left"},
		{pass, 15, "56% 18 s left"},
		{pass, 9, "56%"},
		{pass, 3, "56%"},
		{pass, 2, "56"},
		{pass, 0, ""},
		{pass, -1, ""},
		{stage, 40, "reading the lists, 7 entries"},
		{stage, 20, "reading the lists"},
		{stage, 9, "reading t"},
		{Line{Texts: []Text{{Long: "中文中文", Rank: 1}}}, 7, "中文中"},
		{Line{}, 40, ""},
		{Line{Done: 0, Total: 7}, 40, "0% [....................]"},
		{Line{Done: 7, Total: 7}, 40, "100% [====================]"},
		{Line{Done: 9, Total: 7}, 40, "100% [====================]"},
		{Line{Done: -9, Total: 7}, 40, "0% [....................]"},
		{Line{Done: 299_999_999, Total: 300_000_000}, 40, "99% [==================>.]"},
	} {
		if got := tt.line.text(tt.columns); got != tt.want {
			t.Errorf("%d columns: %q, want %q", tt.columns, got, tt.want)
		}
	}
	for columns := range 200 {
		if got := pass.text(columns); Width(got) > columns || strings.ContainsAny(got, "\r\n") {
			t.Errorf("%d columns: %q", columns, got)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text    string
		columns int
		want    string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abc", 2, "ab"}, {"abc", 0, ""}, {"abc", -1, ""},
		{"中文", 4, "中文"}, {"中文", 3, "中"}, {"中文", 1, ""},
		{"e\u0301e\u0301", 1, "e\u0301"}, {"👩‍👩‍👧x", 2, "👩‍👩‍👧"},
	} {
		if got := Cut(tt.text, tt.columns); got != tt.want {
			t.Errorf("%q in %d columns: %q, want %q", tt.text, tt.columns, got, tt.want)
		}
	}
}
