-- Where the pool's state lives. Every key has one hash tag, so that all are in one slot.
local CONFIG, BUCKETS, KEYS_BY_ALIAS, MODELS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local LEASES, EXPIRY, HOLDER, SPENT, STATS = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local VERSION, FULL_CONFIG = KEYS[10], KEYS[11]

local HOUR, DAY = 3600000, 86400000
local KEEP = 2 * DAY / 1000

local now = server_milliseconds()
local request = cjson.decode(ARGV[1])

local function unpacked(raw)
  return raw and cmsgpack.unpack(raw) or {}
end

local function load(key, field)
  return unpacked(redis.call('HGET', key, field))
end

local function save(key, field, value)
  redis.call('HSET', key, field, cmsgpack.pack(value))
end

-- A counter that forgets: what it counted fades with a time constant of one minute.
local function faded(counter)
  if not counter then return 0 end
  return counter.n * math.exp(-(now - counter.at) / 60000)
end

local function counted(counter)
  return { n = faded(counter) + 1, at = now }
end

local function add(map, field, amount)
  local value = (map[field] or 0) + amount
  map[field] = value > 0 and value or nil
  return map
end

-- What came of calls today, by key and model; what is shown of one alone is added up there.
local function count(lease, what, amount)
  redis.call('HINCRBY', STATS, lease.alias .. '|' .. lease.model .. '|' .. what, amount or 1)
end

-- Takes a lease out of what is waiting or under way. The caller saves bucket, key and model.
local function withdraw(lease, bucket, key, model)
  if lease.sent then
    bucket.inflight = math.max(0, (bucket.inflight or 0) - 1)
    key.inflight = math.max(0, (key.inflight or 0) - 1)
  else
    bucket.waiting = add(bucket.waiting or {}, lease.lane, -1)
    bucket.waiting_tokens = math.max(0, (bucket.waiting_tokens or 0) - lease.tokens)
    if lease.planned then bucket.planned = add(bucket.planned or {}, lease.lane, -1) end
    if lease.late then
      bucket.late = add(bucket.late or {}, lease.lane, -1)
      model.late = add(model.late or {}, lease.lane .. lease.user, -1)
    end
    model.users = add(model.users or {}, lease.lane .. lease.user, -1)
  end
end

local function forget(id)
  redis.call('HDEL', LEASES, id)
  redis.call('ZREM', EXPIRY, id)
end

-- What was set aside of a user's budget. At midnight the day's books are others: nothing is owed to them.
local function free_budget(lease)
  if (lease.reserved or 0) > 0 and lease.reserved_in == SPENT then
    redis.call('HINCRBY', SPENT, lease.user .. '|reserved', -lease.reserved)
  end
end

-- Gives the capacity of crashed callers back.
local function reap()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', EXPIRY, '-inf', now, 'LIMIT', 0, 50)) do
    local raw = redis.call('HGET', LEASES, id)
    if raw then
      local lease = cmsgpack.unpack(raw)
      local bucket = load(BUCKETS, lease.bucket)
      local key = load(KEYS_BY_ALIAS, lease.alias)
      local model = load(MODELS, lease.model)
      withdraw(lease, bucket, key, model)
      if lease.sent then count(lease, 'lost') end
      free_budget(lease)
      save(BUCKETS, lease.bucket, bucket)
      save(KEYS_BY_ALIAS, lease.alias, key)
      save(MODELS, lease.model, model)
    end
    forget(id)
  end
end

-- Once a minute of use is often enough, and as chance doesn't choose it, what is in use never expires.
local function keep_for_a_while(model)
  if now - (model.kept_at or 0) < 60000 then return end
  model.kept_at = now
  for _, key in ipairs({ BUCKETS, KEYS_BY_ALIAS, MODELS, LEASES, EXPIRY, SPENT, STATS }) do
    redis.call('EXPIRE', key, KEEP)
  end
end
