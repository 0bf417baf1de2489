package resolver

import (
	"time"

	"stsscan/internal/window"
)

// windowOpens is how long a Sweep makes no notes.
const windowOpens = time.Second

// noteWindows notes the sizes of the windows of a lane that has more to ask.
func (l *lane) noteWindows() {
	if !l.more || l.now < l.windowsNoted+window.NoteEvery || l.now < l.sweep.began+windowOpens {
		return
	}
	l.windowsNoted = l.now
	for _, rt := range l.routes {
		rt.upstream.windowLog.Note(l.now, l.number, l.resolver.shares.lanes, rt.window.Size())
	}
}

// resumeWindows gives a lane its number among the lanes, and the windows that the lane of that number had when the
// Sweep before ended.
func (l *lane) resumeWindows(number int) {
	l.number = number
	for _, rt := range l.routes {
		rt.upstream.windowLog.Resume(number, &rt.window)
	}
}

// keepWindows keeps the windows of a lane that has ended.
func (l *lane) keepWindows() {
	for _, rt := range l.routes {
		rt.upstream.windowLog.Keep(l.number, &rt.window)
	}
}

// judgeWindows lets the windows take what has become known.
func (l *lane) judgeWindows() {
	for _, rt := range l.routes {
		rt.window.Judge(l.now, l.resolver.isPrompt(rt.upstream, l.now))
	}
}
