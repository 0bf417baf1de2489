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
	RetryAt  time.Time // when a Policy Host that put it off wants to be asked again; zero: it did not say
	Fault    error     // of this machine, that the row waits for; nil: none
	NeedsSOA bool      // the row lacks what the SOA of the domain says about its zone
}

// A survey is that of one domain.
type survey struct {
	surveyor *Surveyor
	name     *domains.Name
	previous *Previous
	mayAsk   func(row *output.Row) (bool, error)

	result     Result
	upToPolicy *output.Row // nil until record and policy are known
	known      *output.Row // as far as the domain is known
	doubtful   bool        // the row rests on a probe of an MX host that is to be repeated
	giveUp     error       // another try makes no sense
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

// decidePending says whether a row is final. What may mend waits for the next pass, but
// for hosts that were asked for the last time for being out of reach; after the last
// pass, the SOA of a domain that gave no answer is asked for. A doubtful probe waits for
// the second one, whatever the pass, unless there is but one.
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
