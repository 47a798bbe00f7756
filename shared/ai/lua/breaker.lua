-- Circuit breakers: one per project and model, one per model. Closed, open, half-open.
--
-- In half-open state one probe goes through. A success closes the breaker; so does silence for longer
-- than the failures took that opened it, but then a failure within a minute opens it at once. Where
-- these took as long as an answer may, or calls timed out, silence says nothing and only a success
-- closes it.
--
-- The pause before a probe is a share of the outage's age, so that what an outage costs beyond its
-- end stays a share of what it cost anyway.
local OF_PROJECT = { in_a_row = 5, shortest = 30000, of_age = 1, longest = 600000 }
local OF_MODEL = { in_a_row = 8, shortest = 250, of_age = 0.03, longest = 15000 }
local OPEN_AFTER_SHARE, SHARE_NEEDS = 0.5, 10
local TELLS_WITHIN, NEXT_PROBE, FRAGILE_FOR = 1000, 1000, 60000
local SPREAD, SHORTEST_SPREAD, LONGEST_SPREAD = 0.25, 500, 30000

local function breaker_slot(breaker)
  if not breaker or not breaker.open_until then return now end
  if breaker.next_probe and now >= breaker.next_probe and not breaker.hangs then
    breaker.open_until, breaker.next_probe, breaker.fragile = nil, nil, breaker.next_probe
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
  local spread = math.max(SHORTEST_SPREAD, SPREAD * (now - (breaker.since or now)))
  return slot + share * math.min(LONGEST_SPREAD, spread)
end

local function breaker_probing(breaker, lag)
  if not breaker or not breaker.open_until then return end
  local silence = 100 + 1.5 * (breaker.fails_in or TELLS_WITHIN) + lag
  breaker.next_probe = now + (breaker.hangs and NEXT_PROBE or silence)
end

local function breaker_state(breaker)
  if not breaker or not breaker.open_until then return 'closed' end
  return now < breaker.open_until and 'open' or 'half_open'
end

local function breaker_success(breaker)
  if not breaker then return nil end
  if breaker.open_until or breaker.fragile then return nil end
  breaker.in_a_row, breaker.fails_in = 0, nil
  breaker.good = counted(breaker.good)
  return breaker
end

local function breaker_failure(breaker, rules, sent)
  -- An outage whose end nobody heard of is not the one of hours later.
  local is_old = breaker and breaker.fragile and now - (tonumber(breaker.fragile) or now) > FRAGILE_FOR
  breaker = not is_old and breaker or {}
  breaker.fails_in = math.max(breaker.fails_in or 0, request.latency)
  breaker.hangs = request.kind == 'timeout' or breaker.fails_in > TELLS_WITHIN
  breaker.in_a_row = (breaker.in_a_row or 0) + 1
  breaker.bad = counted(breaker.bad)
  local good, bad = faded(breaker.good), faded(breaker.bad)
  local opens = breaker.in_a_row >= rules.in_a_row
    or (good + bad >= SHARE_NEEDS and bad > OPEN_AFTER_SHARE * (good + bad))
  local pause = nil
  if breaker.fragile or breaker.open_until then
    -- Answers to calls from before the break say nothing new.
    if sent >= (breaker.broke_at or 0) then
      pause = math.max(rules.shortest, rules.of_age * (now - breaker.since))
    end
  elseif opens then
    breaker.since, pause = now, rules.shortest
  end
  if pause then
    breaker.open_until, breaker.broke_at = now + math.min(rules.longest, pause), now
    breaker.next_probe, breaker.fragile = nil, nil
  end
  return breaker
end
