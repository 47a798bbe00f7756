-- Which key serves a request soonest.
--
-- Lanes go by rank: chat, grading, generation. A lower one lets higher ones ahead, but no more than
-- its floor allows: with a floor of a tenth, nine of them for each of its own.
local LANES = { 'chat', 'grading', 'generation' }
local YIELDS = { chat = 0, grading = 4, generation = 9 }
local CHAT_RESERVE, CHAT_REMEMBERED = 0.1, 600000
local HEDGE_MAY_USE = 0.7

-- The share of a lane's queue that goes before this user's next request, if all users of the lane
-- take turns: a user with k waiting stands behind k + 1 of everybody else's. Nil if there are no others.
local function share_ahead(users, lane, user)
  local mine, total, ahead, others = users and users[lane .. user] or 0, 0, 0, 0
  for name, waiting in pairs(users or {}) do
    if string.sub(name, 1, #lane) == lane then
      total = total + waiting
      if name ~= lane .. user then
        others = others + 1
        ahead = ahead + math.min(waiting, mine + 1)
      end
    end
  end
  if others == 0 or total == 0 then return nil end
  return (ahead + mine) / total
end

local function rules_for(model, lane, user, lease)
  local seen = model.chat_at
  return {
    lane = lane,
    waited = lease ~= nil,
    share = share_ahead(model.users, lane, user) or 1,
    late_share = share_ahead(model.late, lane, user) or 0,
    reserve = lane ~= 'chat' and seen and now - seen < CHAT_REMEMBERED,
  }
end

-- How many of its lane go before this one: if room is free now, and if it has to be told a slot.
--
-- A senior is one whose time has come: one with a slot of its own is next. If others were there first
-- it is late, and all who are late are told slots in which their users take turns. One that only
-- waited for a verdict has room beside one that has a slot now, else it goes behind those that have a
-- slot, in any bucket: others that wait for the same verdict have no better right to what it sets free.
local function lane_ahead(bucket, rules, senior)
  if senior and senior.planned then
    return 0, math.floor((bucket.late and bucket.late[rules.lane] or 0) * rules.late_share)
  end
  local waiting = bucket.waiting
  if rules.waited then waiting = bucket.planned end
  local there = waiting and waiting[rules.lane] or 0
  return rules.waited and math.min(1, there) or there * rules.share, there * rules.share
end

-- How many of higher lanes go before it, of what is waiting there and kept free for chats.
local function yielding(bucket, rules, senior, own_ahead, rpm)
  local higher = rules.reserve and math.ceil(CHAT_RESERVE * rpm) or 0
  for _, lane in ipairs(LANES) do
    if lane == rules.lane then break end
    higher = higher + (bucket.waiting and bucket.waiting[lane] or 0)
  end
  local most = YIELDS[rules.lane] * (own_ahead + 1) - (senior and senior.yielded or 0)
  return math.max(0, math.min(higher, most))
end

local function later(slot, why, moment, reason)
  if moment > slot then return moment, reason end
  return slot, why
end

-- When a minute has room for a request with `ahead` others before it. `log` is that of a window.
local function minute_slot(slot, why, bucket, model, limits, ahead, tokens, guard, log)
  local needed = tokens
  if (bucket.waiting_tokens or 0) > 0 and ahead > 0 then
    local waiting = 0
    for _, there in pairs(bucket.waiting or {}) do waiting = waiting + there end
    if waiting > 0 then needed = bucket.waiting_tokens * math.min(1, ahead / waiting) + tokens end
  end
  needed = math.min(needed, 10 * limits.tpm)
  if log then
    slot, why = later(slot, why, window_slot(log, 1, limits.rpm, ahead + 1, guard), 'minute_quota')
    return later(slot, why, window_slot(log, 2, limits.tpm, needed, guard), 'token_quota')
  end
  local refill = refill_guard(bucket, model, guard)
  slot, why = later(slot, why, request_slot(bucket, limits.rpm, ahead, refill), 'minute_quota')
  return later(slot, why, token_slot(bucket, limits.tpm, needed, guard), 'token_quota')
end

-- The moment this bucket can take the request, what holds it up, and the probe it would then be.
local function bucket_slot(entry, bucket, model, rules, tokens, senior, guard)
  -- What was refused for good is looked at again once an hour, by one call: an operator may have paid.
  if bucket.disabled and now < (bucket.disabled_until or 0) then return nil, bucket.disabled end
  local tier = tier_of(model, entry)
  conclude(tier, model)
  local limits = limits_of(entry, bucket, tier)
  if tokens > limits.tpm then return nil, 'too_large' end
  local slot, why = now, 'free'
  slot, why = later(slot, why, bucket.parked_until or 0, bucket.parked_why or 'parked')
  if used_today(bucket) >= limits.rpd then slot, why = later(slot, why, day_end(), 'day_quota') end
  slot, why = later(slot, why, breaker_slot(bucket.breaker), 'outage')
  local kind, beyond, as_window = probe_kind(tier, entry, limits, bucket, tokens)
  -- Those sent before it must have arrived, or they are refused in its stead.
  if kind == 'shape' then
    slot, why = later(slot, why, math.max((bucket.sent_at or 0) + guard, tier.shape_after or 0), 'proof')
  end
  local log = nil
  if as_window or known_shape(tier) == 'window' then
    log = beyond and sure_log(bucket) or bucket.log or {}
  end

  local function behind(own_ahead)
    local yielded = yielding(bucket, rules, senior, own_ahead, limits.rpm)
    local ahead = math.min(own_ahead + yielded, 10000)
    local at, held = minute_slot(slot, why, bucket, model, limits, ahead, tokens, guard, log)
    return at, held, yielded
  end
  local if_free, if_told = lane_ahead(bucket, rules, senior)
  if slot > now then if_free = if_told end
  local at, held, yielded = behind(if_free)
  if at > now and if_told > if_free then at, held, yielded = behind(if_told) end
  if kind then at, held = later(at, held, probe_slot(tier, model, kind, entry.id), 'proof') end
  return at, held, kind, limits, yielded, beyond
end

local function key_slot(key, model)
  if key.dead_until and now < key.dead_until then return nil end
  if key.proven or not key.canary_at then return now end
  return verdict_slot(model, key.canary_at)
end

-- Earliest expected completion: the free slot, the usual latency of this bucket, and its load.
local function cost(slot, bucket, key, limits, model)
  local usual = (model.latency and model.latency[request.lane]) or 2000
  local silent = (bucket.inflight or 0) > 0 and (now - (bucket.heard_at or now)) / usual or 0
  return slot - now + usual * math.max(bucket.factor or 1, silent)
    + 0.5 * (bucket.inflight or 0) + 0.5 * (key.inflight or 0)
    + 200 * used_today(bucket) / limits.rpd
end

local function choose(config, buckets, keys, model, lease)
  local guard = guard_of(model)
  local rules = rules_for(model, request.lane, request.user, lease)
  local excluded, slots, best, blocked = {}, {}, nil, 'keys'
  for _, alias in ipairs(request.exclude) do excluded[alias] = true end
  for i, candidate in ipairs(config.keys) do
    local entry, key = config.buckets[candidate.bucket], keys[i]
    local bucket = buckets[candidate.bucket]
    local allowed = now >= (key.refused and tonumber(key.refused[config.model]) or 0)
    local from_key = allowed and key_slot(key, model)
    if from_key then
      local found = slots[candidate.bucket]
      local senior = lease and lease.bucket == entry.id and lease or nil
      if not found then
        local slot, why, kind, limits, yielded, beyond =
          bucket_slot(entry, bucket, model, rules, request.tokens, senior, guard)
        found = { slot = slot, why = why, kind = kind, limits = limits, yielded = yielded, beyond = beyond }
        slots[candidate.bucket] = found
      end
      if found.slot then
        local slot, why = found.slot, found.why
        if from_key > slot then slot, why = from_key, 'proof' end
        local expense = cost(slot, bucket, key, found.limits, model)
        -- A key that just failed this request may be waited for, but is not asked again at once.
        local again = excluded[candidate.alias] and slot <= now and not senior
        if not again and (not best or expense < best.cost) then
          best = { cost = expense, slot = slot, why = why, kind = found.kind, limits = found.limits,
            yielded = found.yielded, beyond = found.beyond,
            key_slot = from_key, key_index = i, bucket_index = candidate.bucket }
        end
      else
        blocked = found.why
      end
    end
  end
  return best, blocked, guard
end

-- A saturated caller may ask for one more than the configured limit, to find out the true one.
-- Until that is known a far slot is not worth waiting for: it is looked at again in a second.
-- The bucket that is fullest already gets there with the fewest calls.
local function probe_above(config, buckets, keys, model, best)
  local tier = tier_of(model, config.buckets[best.bucket_index])
  -- The refusal that ends it tells the shape as well, so this goes before asking for the shape.
  local is_full = best.kind == 'shape' or best.why == 'minute_quota' and best.slot - now >= 250
  if not is_full or not may_probe_above(tier, buckets[best.bucket_index]) then return end
  local most, ready = 0, 0
  for i, candidate in ipairs(config.keys) do
    local entry, bucket = config.buckets[candidate.bucket], buckets[candidate.bucket]
    local n, free = in_window(certain_log(bucket, tier), 1, 0), key_slot(keys[i], model)
    if n > most and free and entry.rpm == config.buckets[best.bucket_index].rpm
      and not bucket.disabled and (bucket.parked_until or 0) <= now
      and request.tokens <= (bucket.tpm or entry.tpm) then
      most, ready = n, free
      best.probe_key, best.probe_bucket = i, candidate.bucket
    end
  end
  if most + 1 <= best.limits.rpm then
    if best.slot > now + 1000 then best.slot, best.why = now + 1000, 'proof' end
    return
  end
  local id = config.buckets[best.probe_bucket].id
  local slot = math.max(ready, probe_slot(tier, model, 'above', id))
  if slot <= now then
    best.key_index, best.bucket_index = best.probe_key, best.probe_bucket
    best.slot, best.kind, best.beyond = now, 'above', nil
  else
    best.slot = math.min(best.slot, slot)
    best.why = 'proof'
  end
end

local function hedge_allowed(bucket, model, limits)
  local waiting = next(bucket.waiting or {}) ~= nil or next(model.users or {}) ~= nil
  return not waiting and in_window(bucket.log, 1, 0) + 1 < HEDGE_MAY_USE * limits.rpm
    and used_today(bucket) < HEDGE_MAY_USE * limits.rpd
    and faded(model.hedges) < request.hedge_share * faded(model.sends)
end
