package survey

import (
	"stsscan/internal/fault"
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
)

// A FirstAnswer is the answer to the first question about a domain: where its survey
// starts. The message was read when it came, and is not kept.
type FirstAnswer struct {
	Answer resolver.Answer
	Reply  *mtasts.FirstReply // what the message said; nil: nothing was kept of it, or there was none
}

// denial reports whether the answer is a plain denial.
func (f *FirstAnswer) denial() bool {
	return f.Answer.Outcome == resolver.NXDOMAIN || f.Answer.Outcome == resolver.NODATA
}

// failed reports whether there was no reply, and that is no fault of this machine.
func (f *FirstAnswer) failed() bool {
	return f.Answer.Outcome == resolver.Failed && !fault.Ours(f.Answer.Err)
}

// EndsWith reports whether a first answer leaves nothing to ask: the record is unknown,
// and no more is asked of such a domain.
func (r *Surveyor) EndsWith(first *FirstAnswer, p *Previous) bool {
	return first != nil && first.failed() && !r.config.Mail.All() && !p.onlyMail()
}
