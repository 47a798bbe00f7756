-- Somebody saw to a project: what it was refused for is forgotten, so that the next call tries it.
local BUCKETS, PROJECT = KEYS[1], ARGV[1] .. '|'

for _, id in ipairs(redis.call('HKEYS', BUCKETS)) do
  if string.sub(id, 1, #PROJECT) == PROJECT then
    local bucket = cmsgpack.unpack(redis.call('HGET', BUCKETS, id))
    if bucket.disabled then
      bucket.disabled, bucket.disabled_until = nil, nil
      redis.call('HSET', BUCKETS, id, cmsgpack.pack(bucket))
    end
  end
end
