package storetest

import (
	"net/http"
	"strconv"
)

// A Fault is what goes wrong with a request to a [Server]. The zero Fault is none.
type Fault struct {
	how    string // "status", "hang", "drop", "cut", "damage"
	status int
	code   string
	after  bool // after the request has had its effect
}

// Refuse answers with a status and a code of S3, and does nothing.
func Refuse(status int, code string) Fault { return Fault{how: "status", status: status, code: code} }

// Hang never answers: the client has to give up.
func Hang() Fault { return Fault{how: "hang"} }

// Drop closes the connection without an answer.
func Drop() Fault { return Fault{how: "drop"} }

// Cut closes the connection after half of the answer.
func Cut() Fault { return Fault{how: "cut", after: true} }

// Damage changes an octet of the object on its way.
func Damage() Fault { return Fault{how: "damage", after: true} }

// After is the same fault after the request has had its effect.
func (f Fault) After() Fault {
	f.after = true
	return f
}

// show answers a request that fails. The answer is what would have been said; nil if nothing was done.
func (f Fault) show(w http.ResponseWriter, r *http.Request, a *answer) {
	switch f.how {
	case "status":
		refusal(f.status, f.code).write(w)
	case "hang":
		<-r.Context().Done()
	case "drop":
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	case "cut": // the server closes a connection that has had less than was announced
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		a.body = a.body[:len(a.body)/2]
		a.write(w)
	case "damage":
		a.body = append([]byte{a.body[0] ^ 1}, a.body[1:]...)
		a.write(w)
	}
}
