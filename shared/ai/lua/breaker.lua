-- Circuit breakers: one per project and model, one per model. Closed, open, half-open.
--
-- In half-open state one probe a second goes through, until the first answer decides.
local OPEN_AFTER_IN_A_ROW, OPEN_AFTER_SHARE, SHARE_NEEDS = 5, 0.5, 10
local MODEL_OPENS_AFTER = 8

local function breaker_slot(breaker)
  if not breaker or not breaker.open_until then return now end
  if now < breaker.open_until then return breaker.open_until end
  return math.max(now, breaker.next_probe or 0)
end

local function breaker_probing(breaker)
  if breaker and breaker.open_until then breaker.next_probe = now + 1000 end
end

local function breaker_state(breaker)
  if not breaker or not breaker.open_until then return 'closed' end
  return now < breaker.open_until and 'open' or 'half_open'
end

local function breaker_success(breaker)
  if not breaker then return nil end
  if breaker.open_until then return nil end
  breaker.in_a_row = 0
  breaker.good = counted(breaker.good)
  return breaker
end

local function breaker_failure(breaker, in_a_row, first, growth, longest)
  breaker = breaker or {}
  breaker.in_a_row = (breaker.in_a_row or 0) + 1
  breaker.bad = counted(breaker.bad)
  local good, bad = faded(breaker.good), faded(breaker.bad)
  local opens = breaker.in_a_row >= in_a_row
    or (good + bad >= SHARE_NEEDS and bad > OPEN_AFTER_SHARE * (good + bad))
  if breaker.open_until then
    -- Answers to calls from before the break say nothing new.
    if now >= breaker.open_until then
      breaker.pause = math.min(longest, (breaker.pause or first) * growth)
      breaker.open_until, breaker.next_probe = now + breaker.pause, nil
    end
  elseif opens then
    breaker.pause = first
    breaker.open_until, breaker.next_probe = now + first, nil
  end
  return breaker
end
