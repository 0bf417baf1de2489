package terminal

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
)

// A Line is a line of progress: how much is done, in percent and as a bar, and texts. What a narrow terminal has no
// room for is left out, the least important first.
type Line struct {
	Done, Total int64  // Total 0: it is not known how much there is
	Texts       []Text // in their order on the line
}

// A Text is a part of a Line.
type Text struct {
	Long, Short string // Short, if any, stands where Long has no room
	Rank        int    // 1 is the most important
}

// BarRank is the rank of the bar.
const BarRank = 4

// Columns of the bar with its ends, and of the percentage before it.
const (
	leastBar       = 10
	mostBar        = 22
	percentColumns = 4
)

// Percent is how much is done, rounded down; 0 where that is not known.
func (l Line) Percent() int64 {
	if l.Total <= 0 {
		return 0
	}
	return int64(100 * (float64(min(max(l.Done, 0), l.Total)) / float64(l.Total)))
}

// text is the line in so many columns; empty if there are none.
func (l Line) text(columns int) string {
	bar, room := 0, columns // columns
	if l.Total > 0 {
		room -= percentColumns
	}
	ranked := l.ranked()
	chosen := make([]string, len(l.Texts))
	for n, i := range ranked {
		if i == len(l.Texts) {
			if room < leastBar+1 {
				break
			}
			bar, room = leastBar, room-leastBar-1
			continue
		}
		next := 0 // columns for what comes next by rank
		if n+1 < len(ranked) && ranked[n+1] < len(l.Texts) {
			next = Width(separator + l.Texts[ranked[n+1]].shortest())
		}
		chosen[i] = l.Texts[i].Long
		if Width(separator+chosen[i])+next > room {
			chosen[i] = l.Texts[i].shortest()
		}
		if Width(separator+chosen[i]) > room && (n > 0 || l.Total > 0) { // the first is cut, rather than nothing
			chosen[i] = ""
			break
		}
		room -= Width(separator + chosen[i])
	}
	if bar > 0 && room >= mostBar-leastBar {
		bar = mostBar
	}
	texts := strings.Join(slices.DeleteFunc(chosen, func(s string) bool { return s == "" }), separator)
	return Cut(strings.TrimSpace(l.share(bar)+texts), columns)
}

// ranked are the indexes of the texts, the most important first; that of the bar is one more than there are.
func (l Line) ranked() (indexes []int) {
	rank := func(i int) int {
		if i == len(l.Texts) {
			return BarRank
		}
		return l.Texts[i].Rank
	}
	for i, text := range l.Texts {
		if text.Long != "" {
			indexes = append(indexes, i)
		}
	}
	if l.Total > 0 {
		indexes = append(indexes, len(l.Texts))
	}
	slices.SortStableFunc(indexes, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
	return indexes
}

func (t Text) shortest() string { return cmp.Or(t.Short, t.Long) }

const separator = ", "

// share is the percentage and a bar of so many columns, with its ends. The bar is of ASCII: a terminal for Chinese or
// Japanese may give blocks two columns.
func (l Line) share(columns int) string {
	switch {
	case l.Total <= 0:
		return ""
	case columns == 0:
		return fmt.Sprintf("%3d%% ", l.Percent())
	}
	bar := progressbar.NewOptions64(l.Total,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(columns-2),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetPredictTime(false),
	)
	_ = bar.Set64(min(max(l.Done, 0), l.Total))
	_ = bar.RenderBlank() // it draws nothing by itself at 0 %, and no more than once at 100 %
	return strings.TrimPrefix(strings.Trim(bar.String(), "\r "), " ") + " "
}
