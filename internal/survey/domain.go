package survey

import (
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// A Result is what came of a survey.
type Result struct {
	Row      *output.Row
	Asked    bool      // the policy was asked for
	RetryAt  time.Time // when its Policy Host may be asked again; zero: it did not say
	Fault    error     // of this machine, which makes the row provisional; nil: none
	NeedsSOA bool      // an answer about the SOA of the domain tells whether its zone is dead
}

// A survey is that of one domain.
type survey struct {
	surveyor *Surveyor
	name     *domains.Name
	previous *Previous
	mayAsk   func(row *output.Row) (bool, error)

	result     Result
	upToPolicy *output.Row // nil until record and policy are known
	known      *output.Row // what is known so far
	doubtful   bool        // the row rests on a doubtful probe of an MX host
	giveUp     error       // why another try is of no use
}

// mailSide asks about the mail side and decides, unless the row is provisional anyway.
func (s *survey) mailSide(row *output.Row) (err error) {
	s.doubtful = false
	if row.Pending != "" {
		return nil
	}
	s.doubtful, err = s.surveyor.mail(row, s.previous)
	return err
}

// decidePending says whether a row is final. A failure that may mend waits for the next pass, unless the host is
// out of reach and this was the last try. After the last pass, a domain that gave no answer is asked for its SOA. A
// doubtful probe waits for a second one, whatever the pass, unless there is only one pass.
func (s *survey) decidePending(row *output.Row) {
	c := &s.surveyor.config
	s.result.NeedsSOA = false
	s.previous.amend(row)
	if row.Pending != "" || !row.Transient() && !s.doubtful {
		return
	}
	outOfReach := c.LastTry && row.PolicyStage == string(codes.StageTCP)
	if row.Transient() && int(row.Pass) < c.Passes && !outOfReach || s.doubtful && c.Passes > 1 {
		row.Pending = string(codes.PendingTransient)
		return
	}
	switch codes.RecordReason(row.RecordReason) {
	case codes.RecordServfail, codes.RecordTimeout:
		s.result.NeedsSOA = true
	}
}
