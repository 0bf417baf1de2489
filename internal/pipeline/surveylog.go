package pipeline

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// A surveyLog is the log of a part that is being written. It is opened when a survey first needs it.
type surveyLog struct {
	open  func() (*output.SurveyLog, error)
	delay time.Duration // between two requests for a policy
	now   func() time.Time

	once sync.Once
	log  *output.SurveyLog
	err  error
}

func (l *surveyLog) ready() (*output.SurveyLog, error) {
	l.once.Do(func() { l.log, l.err = l.open() })
	return l.log, logError(l.err)
}

func logError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errLog, err)
}

// errLog says that the log of surveys cannot be read or written.
var errLog = errors.New("the log of surveys")

// found is the row that an earlier process logged; nil: none.
func (l *surveyLog) found(name *domains.Name) (*output.Row, error) {
	log, err := l.ready()
	if err != nil {
		return nil, err
	}
	row, err := log.Found(name.Rank, name.Domain)
	return row, logError(err)
}

// begin notes that the policy of a row's domain is asked for. If an earlier process asked within the delay, and its
// answer is lost, begin reports false, and makes the row say so.
func (l *surveyLog) begin(row *output.Row) (bool, error) {
	log, err := l.ready()
	if err != nil {
		return false, err
	}
	now := l.now()
	at, lost := log.Lost(row.Rank)
	if at.After(now) { // the clock was wrong then, or is
		at = now
	}
	if lost && now.Sub(at) < l.delay {
		row.Policy, row.Pending = string(codes.PolicyUnknown), string(codes.PendingInterrupted)
		row.ObservedAt = at.UTC().Truncate(time.Second)
		return false, nil
	}
	return true, logError(log.Begin(row.Rank, now))
}

// done logs a row whose policy was asked for.
func (l *surveyLog) done(row *output.Row) error {
	if row.Policy == string(codes.PolicyNotFetched) {
		return nil
	}
	log, err := l.ready()
	if err != nil {
		return err
	}
	return logError(log.Done(row))
}

// end closes the log. The file stays, since a later process may need it.
func (l *surveyLog) end() {
	l.once.Do(func() {}) // it may never have been opened
	if l.log != nil {
		_ = l.log.Close()
	}
}
