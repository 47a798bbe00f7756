-- Circuit breakers: one per project and model, one per model. Closed, open, half-open.
--
-- In half-open state one probe goes through. A success closes the breaker; so does its silence for
-- a moment, because an outage answers fast, but then the next failure opens it at once. Where calls
-- time out instead of being answered, only a success closes it.
local OPEN_AFTER_IN_A_ROW, OPEN_AFTER_SHARE, SHARE_NEEDS = 5, 0.5, 10
local MODEL_OPENS_AFTER = 8
local PROBE_SILENCE, NEXT_PROBE = 500, 1000
local SPREAD, LONGEST_SPREAD = 0.25, 30000

local function breaker_slot(breaker)
  if not breaker or not breaker.open_until then return now end
  if breaker.next_probe and now >= breaker.next_probe and not breaker.hangs then
    breaker.open_until, breaker.next_probe, breaker.fragile = nil, nil, true
    return now
  end
  if now < breaker.open_until then return breaker.open_until end
  return math.max(now, breaker.next_probe or 0)
end

-- When this caller should come back: the longer an outage lasts, the wider those who wait for its
-- end are spread, each by its lease's own random id.
local function outage_slot(breaker)
  local slot = breaker_slot(breaker)
  if slot <= now then return slot end
  local share = tonumber(string.sub(request.lease, 1, 6), 16) / 0xFFFFFF
  return slot + share * math.min(LONGEST_SPREAD, SPREAD * (now - (breaker.since or now)))
end

local function breaker_probing(breaker)
  if breaker and breaker.open_until then
    breaker.next_probe = now + (breaker.hangs and NEXT_PROBE or PROBE_SILENCE)
  end
end

local function breaker_state(breaker)
  if not breaker or not breaker.open_until then return 'closed' end
  return now < breaker.open_until and 'open' or 'half_open'
end

local function breaker_success(breaker)
  if not breaker then return nil end
  if breaker.open_until or breaker.fragile then return nil end
  breaker.in_a_row = 0
  breaker.good = counted(breaker.good)
  return breaker
end

local function breaker_failure(breaker, in_a_row, first, growth, longest)
  breaker = breaker or {}
  breaker.hangs = request.kind == 'timeout'
  breaker.in_a_row = (breaker.in_a_row or 0) + 1
  breaker.bad = counted(breaker.bad)
  local good, bad = faded(breaker.good), faded(breaker.bad)
  local opens = breaker.in_a_row >= in_a_row
    or (good + bad >= SHARE_NEEDS and bad > OPEN_AFTER_SHARE * (good + bad))
  if breaker.fragile or breaker.open_until then
    -- Answers to calls from before the break say nothing new.
    if breaker.fragile or now >= breaker.open_until then
      breaker.pause = math.min(longest, (breaker.pause or first) * growth)
      breaker.open_until, breaker.next_probe, breaker.fragile = now + breaker.pause, nil, nil
    end
  elseif opens then
    breaker.pause, breaker.since = first, now
    breaker.open_until, breaker.next_probe = now + first, nil
  end
  return breaker
end
