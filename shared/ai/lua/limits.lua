-- When a request may go without breaking a quota. `ahead` is how many others go first.
--
-- Requests and tokens per minute are mirrored as the server's own token bucket (GCRA) or, where
-- that is known, as a sliding window of 60 s. Only what was really sent is in the mirror.
local MINUTE = 60000

-- A limit may change while a bucket is in use; the mirror is then drawn anew to the new scale.
local function rescaled(bucket, rpm)
  local interval = MINUTE / rpm
  if bucket.interval and bucket.interval ~= interval and bucket.requests_at then
    local since = bucket.busy_since or bucket.requests_at
    bucket.requests_at = since + (bucket.requests_at - since) * interval / bucket.interval
  end
  bucket.interval = interval
  return interval
end

-- What is stamped now reaches the server later, and a full bucket refills from then on. How late the
-- calls were that may have found it full is kept: `open` of them have not told yet.
local NEARLY_FULL = 1000

local function book_first(bucket, lease, is_fresh)
  if is_fresh then
    bucket.busy_since = now
    bucket.first = { open = 0, lag = 0 }
  end
  if bucket.first and (is_fresh or bucket.requests_at < now + NEARLY_FULL) then
    bucket.first.open = bucket.first.open + 1
    lease.first_of = bucket.busy_since
  end
end

-- One that never tells leaves the guard as wide as it was, until the bucket is full again.
local function settle_first(bucket, lease, lag)
  local first = bucket.first
  if not first or not lag or lease.first_of ~= bucket.busy_since then return end
  first.open, first.lag = math.max(0, first.open - 1), math.max(first.lag, lag)
end

local function request_slot(bucket, rpm, ahead, guard)
  local interval = rescaled(bucket, rpm)
  local empty_at = bucket.requests_at or 0
  local fresh = empty_at + guard <= now
  local since = fresh and now or (bucket.busy_since or now)
  local base = math.max(empty_at, now)
  local slot = base + ahead * interval - (rpm - 1) * interval
  if slot <= since + 0.001 then return now end
  return math.max(now, slot + guard)
end

local function token_slot(bucket, tpm, tokens, guard)
  local interval = MINUTE / tpm
  local empty_at = bucket.tokens_at or 0
  local fresh = empty_at + guard <= now
  local since = fresh and now or (bucket.tokens_since or now)
  local slot = math.max(empty_at, now) + tokens * interval - MINUTE
  if slot <= since + 0.001 then return now end
  return math.max(now, slot + guard)
end

-- A log has three numbers for each second in which something was sent: the second, how many requests,
-- how many tokens. Entries that left the last minute go when the next comes.
local function kept_log(log, guard)
  local kept = {}
  for i = 1, #(log or {}), 3 do
    if (log[i] + 1) * 1000 + MINUTE + guard > now then
      kept[#kept + 1], kept[#kept + 2], kept[#kept + 3] = log[i], log[i + 1], log[i + 2]
    end
  end
  return kept
end

-- Nil if that second isn't in the log, which is as it was then.
local function added(log, second, requests, tokens)
  for i = 1, #(log or {}), 3 do
    if log[i] == second then
      log[i + 1], log[i + 2] = math.max(0, log[i + 1] + requests), math.max(0, log[i + 2] + tokens)
      return log
    end
  end
end

-- How much of a log is in the last minute: place 1 counts requests, place 2 tokens.
local function in_window(log, place, guard)
  local sum = 0
  for i = 1, #(log or {}), 3 do
    if (log[i] + 1) * 1000 + MINUTE + guard > now then sum = sum + log[i + place] end
  end
  return sum
end

-- What was sent without the calls that the server failed at: whether those take room is its secret.
local function sure_log(bucket)
  if not bucket.failed then return bucket.log end
  local sure = kept_log(bucket.log, MINUTE)
  for i = 1, #bucket.failed, 3 do
    added(sure, bucket.failed[i], -bucket.failed[i + 1], -bucket.failed[i + 2])
  end
  return sure
end

local function window_slot(log, place, limit, needed, guard)
  local total = in_window(log, place, guard)
  if total + math.min(needed, limit) <= limit and needed <= limit then return now end
  local last = now
  for i = 1, #(log or {}), 3 do
    local leaves = (log[i] + 1) * 1000 + MINUTE + guard
    if leaves > now then
      total = total - log[i + place]
      last = leaves
      if total + needed <= limit then return leaves end
    end
  end
  return last + MINUTE * math.floor((needed - 0.001) / limit)
end

local function logged(log, sent, tokens, guard)
  local second, kept = math.floor(sent / 1000), kept_log(log, guard)
  if not added(kept, second, 1, tokens) then
    kept[#kept + 1], kept[#kept + 2], kept[#kept + 3] = second, 1, tokens
  end
  return kept
end

-- The quota day that the server's time falls into, as the moment it ends.
local ends_at = nil

local function day_end()
  if ends_at then return ends_at end
  ends_at = now + DAY
  for i = #request.midnights, 1, -1 do
    if request.midnights[i] > now then ends_at = request.midnights[i] end
  end
  return ends_at
end

-- How long a refusal by the day's quota holds. One of a call from before midnight, or from so soon
-- after it that the server's day may not have turned yet, says nothing of the day to come.
local TURN_OF_DAY, AFTER_THE_TURN = 600000, 60000

local function refused_until(lease)
  for _, midnight in ipairs(request.midnights) do
    if midnight <= now and lease.sent < midnight + TURN_OF_DAY then return now + AFTER_THE_TURN end
  end
  return day_end()
end

local function used_today(bucket)
  return bucket.day_end == day_end() and bucket.used or 0
end

local function book_sent(bucket, limits, lease, guard, refill)
  local interval, tokens = rescaled(bucket, limits.rpm), lease.tokens
  book_first(bucket, lease, (bucket.requests_at or 0) + refill <= now)
  bucket.requests_at = math.max(bucket.requests_at or 0, now) + interval
  if (bucket.tokens_at or 0) + guard <= now then bucket.tokens_since = now end
  bucket.counted_tpm = limits.tpm
  bucket.tokens_at = math.max(bucket.tokens_at or 0, now) + tokens * MINUTE / limits.tpm
  bucket.log = logged(bucket.log, now, tokens, guard)
  if bucket.failed then
    bucket.failed = kept_log(bucket.failed, guard)
    if #bucket.failed == 0 then bucket.failed = nil end
  end
  bucket.sent_at = now
  bucket.used = used_today(bucket) + 1
  bucket.day_end = day_end()
  if (bucket.inflight or 0) == 0 then bucket.heard_at = now end
  bucket.inflight = (bucket.inflight or 0) + 1
end

-- The server refused this call, so it counts in no minute.
local function unbook(bucket, lease)
  added(bucket.log, math.floor(lease.sent / 1000), -1, -lease.tokens)
  -- Only within one busy time is taking one back the same as never having had it.
  if lease.sent >= (bucket.tokens_since or now) then
    bucket.tokens_at = bucket.tokens_at - lease.tokens * MINUTE / bucket.counted_tpm
  end
  if lease.sent >= (bucket.busy_since or now) then
    bucket.requests_at = bucket.requests_at - bucket.interval
  end
end
