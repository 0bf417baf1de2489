package claim

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// A Holder is a process that takes claims.
type Holder struct {
	ID   string `json:"holder"` // random
	Host string `json:"host"`   // its name, for messages
	PID  int    `json:"pid"`

	// Boot tells one start of a machine from another, and Lock one file on it; "": not known. A process that has
	// the lock of this file knows that no other one there is alive that had it.
	Boot string `json:"boot,omitempty"`
	Lock string `json:"lock,omitempty"`
}

// NewHolder describes this process, which has locked the file lockPath.
func NewHolder(lockPath string) (Holder, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown" // it is for messages only
	}
	lock, err := fileIdentity(lockPath)
	if err != nil {
		return Holder{}, err
	}
	return Holder{ID: rand.Text(), Host: host, PID: os.Getpid(), Boot: bootIdentity(), Lock: lock}, nil
}

// diedBeside reports whether a holder had the lock that another one has now, on the same machine.
func (h Holder) diedBeside(now Holder) bool {
	return h.Boot != "" && h.Lock != "" && h.Boot == now.Boot && h.Lock == now.Lock
}

// A statement is the content of a claim.
type statement struct {
	Holder
	Beat  int64     `json:"beat"`  // grows with each renewal, so that the content changes
	Since time.Time `json:"since"` // when the claim was taken
}

func (s statement) text() []byte {
	text, _ := json.MarshalIndent(s, "", "  ") // strings, numbers and a time of this century: no error
	return append(text, '\n')
}

// readStatement reads a claim; what is none has no holder.
func readStatement(text []byte) (s statement) {
	if json.Unmarshal(text, &s) != nil {
		return statement{}
	}
	return s
}

// words say who holds the claim.
func (s statement) words() string {
	if s.ID == "" {
		return "whose claim cannot be read"
	}
	return fmt.Sprintf("host %s, pid %d, since %s", printable(s.Host), s.PID, s.Since.UTC().Format(time.DateTime+" MST"))
}

// printable is a name from a file that anyone may have written.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, name[:min(len(name), 64)])
}
