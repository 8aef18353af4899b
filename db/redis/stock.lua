#!lua name=holdfast_stock
-- The fast side of stock: admits holds as long as what the ledger last said allows it.
-- KEYS of each function share one hash tag: the level of a sku, and its unsettled admissions.

local function unsettled(key, now)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  local sum = 0
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    sum = sum + tonumber(string.match(member, ' (%d+)$'))
  end
  return sum
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- ARGV: reservation id, quantity, life of the admission in ms.
-- Answers {verdict, epoch, available, version}; verdict is admitted, short, contended or unknown.
local function admit(keys, args)
  local level = redis.call('HMGET', keys[1], 'epoch', 'available', 'version')
  if not level[1] then return {'unknown', '0', '0', '0'} end
  local member = args[1] .. ' ' .. args[2]
  local now = now_ms()
  local others = unsettled(keys[2], now)
  if redis.call('ZSCORE', keys[2], member) then
    return {'admitted', level[1], level[2], level[3]}
  end
  local available, quantity = tonumber(level[2]), tonumber(args[2])
  if available < quantity then return {'short', level[1], level[2], level[3]} end
  if available - others < quantity then return {'contended', level[1], level[2], level[3]} end
  redis.call('ZADD', keys[2], now + tonumber(args[3]), member)
  redis.call('PEXPIRE', keys[2], args[3])
  return {'admitted', level[1], level[2], level[3]}
end

-- ARGV: reservation id, quantity. Takes an admission back.
local function withdraw(keys, args)
  return redis.call('ZREM', keys[2], args[1] .. ' ' .. args[2])
end

-- ARGV: reservation id, quantity, epoch, on hand, reserved, available, version, life in ms.
-- What the ledger says replaces only what it said earlier, and settles the admission.
local function settle(keys, args)
  local known = redis.call('HGET', keys[1], 'version')
  if not known or tonumber(known) <= tonumber(args[7]) then
    redis.call('HSET', keys[1], 'epoch', args[3], 'onHand', args[4], 'reserved', args[5],
      'available', args[6], 'version', args[7])
    redis.call('PEXPIRE', keys[1], args[8])
  end
  if args[1] ~= '' then redis.call('ZREM', keys[2], args[1] .. ' ' .. args[2]) end
  return 1
end

redis.register_function('holdfast_stock_admit', admit)
redis.register_function('holdfast_stock_withdraw', withdraw)
redis.register_function('holdfast_stock_settle', settle)
