// Package terminal has what people read of a program while it runs: log lines, a line of progress that always has room
// on the terminal, and the words for times, rates and counts.
package terminal

import (
	"io"
	"strings"
	"sync"
)

// A Console is standard error: log lines and, below them, the line of progress while there is one.
type Console struct {
	columns    func() int  // of the terminal now
	plain      bool        // the terminal knows no control sequences
	foreground func() bool // the line may be drawn now

	mu     sync.Mutex
	out    io.Writer
	format Format
	line   *Line // the last one; nil: none
	drawn  int   // columns that it takes on the screen
	closed bool
}

// NewConsole is the console that writes to out; out itself if it is one.
func NewConsole(out io.Writer) *Console {
	if c, ok := out.(*Console); ok {
		return c
	}
	return &Console{
		out: out, columns: func() int { return Columns(out) }, plain: !takesControls(out), format: FormatText,
		foreground: func() bool { return inForeground(out) },
	}
}

// Write writes whole log lines, above the line of progress if there is one.
func (c *Console) Write(lines []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drawn == 0 {
		return c.out.Write(lines)
	}
	text := append([]byte(c.erased()), lines...)
	_, err := c.out.Write(append(text, c.drawing()...))
	if err != nil {
		return 0, err
	}
	return len(lines), nil
}

// Show draws the line of progress in place of the last one.
func (c *Console) Show(line Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.line = &line
	text := ""
	if c.plain {
		text = c.erased()
	}
	_, _ = io.WriteString(c.out, text+c.drawing())
}

// Leave leaves the line of progress on the screen, as it is.
func (c *Console) Leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drawn > 0 {
		text := c.line.text(c.columns() - 1)
		_, _ = io.WriteString(c.out, c.erased()+text+"\n")
	}
	c.line, c.drawn = nil, 0
}

// Clear takes the line of progress from the screen.
func (c *Console) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drawn > 0 {
		_, _ = io.WriteString(c.out, c.erased())
	}
	c.line, c.drawn = nil, 0
}

// Close leaves the line, and shows no other.
func (c *Console) Close() {
	c.Leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
}

// drawing draws the line at the width that the terminal has now. The last column stays free: some terminals wrap as
// soon as it is written. The cursor goes back to the beginning of the line, where a terminal that wraps the line anew,
// as it is made narrower, keeps it: so what is erased from there on is the whole line, however many rows it takes by
// then, and nothing above it. It does not wrap as it is drawn either: for a moment the terminal may be narrower than it
// says, as tmux is for a quarter of a second.
func (c *Console) drawing() string {
	if !c.foreground() {
		c.drawn = 0
		return ""
	}
	text := c.line.text(c.columns() - 1)
	c.drawn = Width(text)
	if c.plain {
		return text
	}
	return "\r" + wrapOff + text + eraseBelow + wrapOn + "\r"
}

const (
	eraseBelow = "\x1b[J"   // erases from the cursor to the end of the screen (ECMA-48, ED)
	wrapOff    = "\x1b[?7l" // what is too long for its row overwrites the end of it (DECAWM)
	wrapOn     = "\x1b[?7h"
)

// erased takes the line from the screen. Without control sequences that is right where the terminal has not become
// narrower.
func (c *Console) erased() string {
	switch {
	case c.drawn == 0:
		return ""
	case c.plain:
		return "\r" + strings.Repeat(" ", min(c.drawn, max(c.columns()-1, 0))) + "\r"
	}
	return "\r " + eraseBelow + "\r" // from the second column: from the corner of the screen, tmux keeps what it erases
}
